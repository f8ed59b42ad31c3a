//! The card of an approval as a post: one attachment, made whole from what the gateway says.
//!
//! What the server gives back of a post has no buttons that work, so nothing is ever read, changed
//! and written.

use countersign_domain::approvals::Choice;
use countersign_ports::platform::CardPost;
use serde_json::{Value, json};

use crate::id::{ChannelId, PostId};
use crate::seal::{Button, Press, Seal};

/// The property that says which card a post shows. Whoever reads the post sees it; it opens nothing.
pub(crate) const CARD: &str = "countersign_card";

/// While it can be decided.
const OPEN: &str = "#f2a600";

/// When it cannot any more.
const OVER: &str = "#8d939c";

/// The longest text beside the card, in characters: what notifications show.
const LONGEST_FALLBACK: usize = 160;

/// The properties of the post that shows `card`. `address` is where its buttons call.
pub(crate) fn props(
    card: &CardPost,
    seal: &Seal,
    (channel, root): (&ChannelId, Option<&PostId>),
    address: &str,
) -> Value {
    let mut presses: Vec<Press> = card.buttons.iter().copied().map(Press::Choice).collect();
    if card.buttons.contains(&Choice::Deny) {
        presses.push(Press::DenyWithReason);
    }
    let actions: Vec<Value> = presses
        .into_iter()
        .map(|press| {
            let button = Button {
                approval: card.approval,
                card: card.id,
                nonce: card.nonce.clone(),
                channel: channel.clone(),
                root: root.cloned(),
                press,
            };
            json!({
                "id": press.action_id(),
                "type": "button",
                "name": name(press),
                "style": style(press),
                "integration": {"url": address, "context": seal.button(&button)},
            })
        })
        .collect();
    let mut attachment = json!({
        "fallback": fallback(&card.text),
        "color": if actions.is_empty() { OVER } else { OPEN },
        "text": card.text,
    });
    if !actions.is_empty()
        && let Some(attachment) = attachment.as_object_mut()
    {
        attachment.insert("actions".to_owned(), actions.into());
    }
    json!({
        "attachments": [attachment],
        "disable_group_highlight": true,
        "mentionHighlightDisabled": true,
        CARD: card.id.to_string(),
    })
}

/// The properties of a post that is not, or is no more, the one that shows its card: no buttons.
pub(crate) fn stray() -> Value {
    let says = "This card is not in use: nothing can be decided on it.";
    json!({"attachments": [{"fallback": says, "color": OVER, "text": says}]})
}

const fn name(press: Press) -> &'static str {
    match press {
        Press::Choice(Choice::Once) => "Allow Once",
        Press::Choice(Choice::Session) => "Allow Session",
        Press::Choice(Choice::Always) => "Always Allow",
        Press::Choice(Choice::Deny) => "Deny",
        Press::DenyWithReason => "Deny with reason…",
    }
}

const fn style(press: Press) -> &'static str {
    match press {
        Press::Choice(Choice::Once) => "primary",
        Press::Choice(Choice::Session) | Press::DenyWithReason => "default",
        Press::Choice(Choice::Always) => "warning",
        Press::Choice(Choice::Deny) => "danger",
    }
}

/// The first line, for notifications: they show no markup.
fn fallback(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default().replace('\\', "");
    line.chars().take(LONGEST_FALLBACK).collect()
}

#[cfg(test)]
mod tests {
    use countersign_domain::chat::{Address, CardNonce};
    use countersign_domain::ids::{ApprovalId, CardId};
    use countersign_ports::platform::Attempt;
    use uuid::Uuid;

    use super::*;

    fn card(buttons: &[Choice]) -> CardPost {
        CardPost {
            id: CardId::from_uuid(Uuid::from_u128(2)),
            approval: ApprovalId::from_uuid(Uuid::from_u128(1)),
            address: Address {
                platform: "mattermost".parse().unwrap(),
                account: "main".parse().unwrap(),
                chat: "town".parse().unwrap(),
                thread: None,
            },
            reply_to: None,
            nonce: CardNonce::new([3; 16]),
            text: "Approval needed\n```\nrm -r made\n```".to_owned(),
            buttons: buttons.to_vec(),
            version: 1,
            attempt: Attempt::First,
        }
    }

    fn shown(buttons: &[Choice]) -> Value {
        let seal = Seal::new(&[7; 32], "main");
        props(
            &card(buttons),
            &seal,
            (&"town".parse().unwrap(), None),
            "https://gw/platforms/mattermost/main/actions",
        )
    }

    #[test]
    fn only_what_is_offered_has_a_button_and_every_button_is_legal() {
        for buttons in [&Choice::ALL[..], &[Choice::Once, Choice::Deny], &[Choice::Deny]] {
            let props = shown(buttons);
            let actions = props["attachments"][0]["actions"].as_array().unwrap();
            assert_eq!(actions.len(), buttons.len() + 1);
            for action in actions {
                let id = action["id"].as_str().unwrap();
                assert!(!id.is_empty() && id.bytes().all(|b| b.is_ascii_alphanumeric()), "{id}");
                assert!(!action["name"].as_str().unwrap().is_empty());
                assert_eq!(action["type"], "button");
                // The server logs the address with every click: nothing secret stands in it.
                assert_eq!(
                    action["integration"]["url"],
                    "https://gw/platforms/mattermost/main/actions"
                );
            }
        }
        assert!(shown(&Choice::ALL).to_string().len() < 16_000);
    }

    #[test]
    fn a_card_that_is_over_has_no_buttons_at_all() {
        let props = shown(&[]);
        assert_eq!(props["attachments"][0].get("actions"), None);
        assert_eq!(props["attachments"][0]["fallback"], "Approval needed");
    }
}
