//! What a row of a card brings back when it is tapped. A phone sends whatever its owner likes, so a
//! row is sealed for the chat that it was made for.

use countersign_domain::approvals::Choice;
use countersign_domain::chat::CardNonce;
use countersign_domain::ids::CardId;
use countersign_domain::service_conversations::ServiceChatId;
use countersign_ports::service_bridge::Tapped;
use ring::hmac;

/// The key of one account's rows.
pub(super) struct Rows(hmac::Key);

impl Rows {
    /// The rows of `account`, from the secret of the house.
    pub(super) fn new(secret: &[u8; 32], account: &str) -> Self {
        let house = hmac::Key::new(hmac::HMAC_SHA256, secret);
        let own =
            hmac::sign(&house, format!("countersign whatsapp rows 1\u{1f}{account}").as_bytes());
        Self(hmac::Key::new(hmac::HMAC_SHA256, own.as_ref()))
    }

    /// The id of the row for `choice` on a card in `chat`: less than the 200 characters that a row
    /// may have.
    pub(super) fn id(
        &self,
        chat: &ServiceChatId,
        (card, nonce): (CardId, &CardNonce),
        choice: Choice,
    ) -> String {
        let plain = format!("1.{card}.{}.{}", nonce.as_str(), choice.as_str());
        format!("{plain}.{}", self.seal(chat, &plain))
    }

    /// What was tapped in `chat`; `None` if the row was not made here for this chat.
    pub(super) fn tapped(&self, chat: &ServiceChatId, id: &str) -> Option<Tapped> {
        let (plain, seal) = id.rsplit_once('.')?;
        if !self.is_good(chat, plain, seal) {
            return None;
        }
        let mut parts = plain.split('.');
        let (version, card, nonce, choice) =
            (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        if version != "1" || parts.next().is_some() {
            return None;
        }
        Some(Tapped {
            card: card.parse().ok()?,
            nonce: nonce.parse().ok()?,
            choice: Choice::from_word(choice)?,
        })
    }

    fn seal(&self, chat: &ServiceChatId, plain: &str) -> String {
        let tag = hmac::sign(&self.0, text(chat, plain).as_bytes());
        // Half of it is unguessable.
        let halves = tag.as_ref().iter().take(16).flat_map(|byte| [byte >> 4, byte & 15]);
        halves.filter_map(|half| char::from_digit(half.into(), 16)).collect()
    }

    /// In a time that does not tell how much of it is right: the two are compared by what they are
    /// signed to.
    fn is_good(&self, chat: &ServiceChatId, plain: &str, seal: &str) -> bool {
        let wanted = hmac::sign(&self.0, self.seal(chat, plain).as_bytes());
        hmac::verify(&self.0, seal.as_bytes(), wanted.as_ref()).is_ok()
    }
}

fn text(chat: &ServiceChatId, plain: &str) -> String {
    format!("{chat}\u{1f}{plain}")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    fn rows() -> Rows {
        Rows::new(&[7; 32], "main")
    }

    fn chat(number: &str) -> ServiceChatId {
        number.parse().unwrap()
    }

    fn row(choice: Choice) -> String {
        let card = CardId::from_uuid(Uuid::from_u128(2));
        rows().id(&chat("+34600111222"), (card, &CardNonce::new([3; 16])), choice)
    }

    #[test]
    fn a_row_brings_back_what_it_was_made_of_and_is_short_enough() {
        for choice in Choice::ALL {
            let id = row(choice);
            assert!(id.len() <= 200, "{id}");
            let tapped = rows().tapped(&chat("+34600111222"), &id).unwrap();
            assert_eq!(tapped.card, CardId::from_uuid(Uuid::from_u128(2)));
            assert_eq!(tapped.nonce, CardNonce::new([3; 16]));
            assert_eq!(tapped.choice, choice);
        }
    }

    #[test]
    fn a_row_of_another_chat_account_house_or_choice_is_none() {
        let id = row(Choice::Once);
        assert_eq!(rows().tapped(&chat("+34600111333"), &id), None);
        let own = chat("+34600111222");
        assert_eq!(Rows::new(&[7; 32], "other").tapped(&own, &id), None);
        assert_eq!(Rows::new(&[8; 32], "main").tapped(&own, &id), None);
        for changed in [
            id.replace(".once.", ".always."),
            id.replace("1.", "2."),
            format!("{id}0"),
            id.rsplit_once('.').unwrap().0.to_owned(),
            String::new(),
            "once".to_owned(),
        ] {
            assert_eq!(rows().tapped(&own, &changed), None, "{changed}");
        }
    }

    proptest! {
        #[test]
        fn nothing_that_anybody_makes_up_is_a_row(text in "[ -~]{0,120}") {
            prop_assert_eq!(rows().tapped(&chat("+34600111222"), &text), None);
        }
    }
}
