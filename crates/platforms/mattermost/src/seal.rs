//! What buttons and dialogs carry, sealed: any user may make a post with buttons of their own that
//! call this gateway, so nothing that comes back counts without the seal.
//!
//! The seal covers one canonical text, not the JSON, whose keys and numbers the server rewrites.

use countersign_domain::approvals::Choice;
use countersign_domain::chat::CardNonce;
use countersign_domain::ids::{ApprovalId, CardId};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Map, Value};
use sha2::Sha256;

use crate::id::{ChannelId, PostId, UserId};

/// The key of one account's seals.
#[derive(Clone)]
pub(crate) struct Seal([u8; 32]);

/// What a button asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Press {
    /// This decision.
    Choice(Choice),
    /// A dialog in which a reason for denying is written.
    DenyWithReason,
}

/// A button of a card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Button {
    pub(crate) approval: ApprovalId,
    pub(crate) card: CardId,
    pub(crate) nonce: CardNonce,
    /// Where the card is.
    pub(crate) channel: ChannelId,
    /// The thread that it is in.
    pub(crate) root: Option<PostId>,
    pub(crate) press: Press,
}

/// A dialog that was opened for somebody who pressed *Deny with reason*.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Dialog {
    pub(crate) button: Button,
    /// The post that has the button.
    pub(crate) post: PostId,
    /// Whom it was opened for: nobody else's reason counts.
    pub(crate) user: UserId,
    /// In milliseconds since 1970.
    pub(crate) opened_at: i64,
}

impl Press {
    /// The id of its button: letters and digits only, or the server finds no such action.
    pub(crate) const fn action_id(self) -> &'static str {
        match self {
            Self::Choice(Choice::Once) => "allowonce",
            Self::Choice(Choice::Session) => "allowsession",
            Self::Choice(Choice::Always) => "allowalways",
            Self::Choice(Choice::Deny) => "deny",
            Self::DenyWithReason => "denyreason",
        }
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Choice(choice) => choice.as_str(),
            Self::DenyWithReason => "deny_with_reason",
        }
    }

    fn from_word(word: &str) -> Option<Self> {
        let reason = Self::DenyWithReason;
        Choice::from_word(word).map(Self::Choice).or((word == reason.word()).then_some(reason))
    }
}

impl Seal {
    /// The seal of `account`, from the secret of the house.
    pub(crate) fn new(secret: &[u8; 32], account: &str) -> Self {
        let parts = ["countersign mattermost seal 1".to_owned(), account.to_owned()];
        Self(mac(secret, &parts))
    }

    /// What a button carries.
    pub(crate) fn button(&self, button: &Button) -> Map<String, Value> {
        let mut context = Self::fields(button);
        context.insert("k".to_owned(), hex(&mac(&self.0, &button.parts())).into());
        context
    }

    /// The button that carries `context`, pressed in `channel`. `None` if it was not sealed here for
    /// that channel.
    pub(crate) fn pressed(&self, context: &Value, channel: &ChannelId) -> Option<Button> {
        let button = read(context, channel.clone())?;
        let seal = text(context, "k")?;
        self.is_good(&button.parts(), seal).then_some(button)
    }

    /// What a dialog carries. The user sees it.
    pub(crate) fn dialog(&self, dialog: &Dialog) -> String {
        let mut state = Self::fields(&dialog.button);
        let seal = mac(&self.0, &dialog.parts());
        for (name, value) in [
            ("h", dialog.button.channel.to_string()),
            ("p", dialog.post.to_string()),
            ("u", dialog.user.to_string()),
            ("t", dialog.opened_at.to_string()),
            ("k", hex(&seal)),
        ] {
            state.insert(name.to_owned(), value.into());
        }
        Value::Object(state).to_string()
    }

    /// The dialog that carries `state`. `None` if it was not sealed here.
    pub(crate) fn submitted(&self, state: &str) -> Option<Dialog> {
        let state: Value = serde_json::from_str(state).ok()?;
        let dialog = Dialog {
            button: read(&state, text(&state, "h")?.parse().ok()?)?,
            post: text(&state, "p")?.parse().ok()?,
            user: text(&state, "u")?.parse().ok()?,
            opened_at: text(&state, "t")?.parse().ok()?,
        };
        self.is_good(&dialog.parts(), text(&state, "k")?).then_some(dialog)
    }

    /// What only this house answers to `word`.
    pub(crate) fn answer(&self, word: &str) -> String {
        hex(&mac(&self.0, &["mm1 answer".to_owned(), word.to_owned()]))
    }

    fn fields(button: &Button) -> Map<String, Value> {
        let root = button.root.as_ref().map_or("", PostId::as_str);
        let fields = [
            ("v", "1".to_owned()),
            ("a", button.approval.to_string()),
            ("c", button.card.to_string()),
            ("d", button.press.word().to_owned()),
            ("n", button.nonce.as_str().to_owned()),
            ("r", root.to_owned()),
        ];
        fields.into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect()
    }

    /// In a time that does not tell how much of it is right.
    fn is_good(&self, parts: &[String], seal: &str) -> bool {
        use subtle::ConstantTimeEq as _;
        hex(&mac(&self.0, parts)).as_bytes().ct_eq(seal.as_bytes()).into()
    }
}

impl Button {
    fn parts(&self) -> Vec<String> {
        vec![
            "mm1 button".to_owned(),
            self.approval.to_string(),
            self.card.to_string(),
            self.press.word().to_owned(),
            self.nonce.as_str().to_owned(),
            self.channel.to_string(),
            self.root.as_ref().map_or_else(String::new, PostId::to_string),
        ]
    }
}

impl Dialog {
    fn parts(&self) -> Vec<String> {
        let mut parts = self.button.parts();
        parts.insert(0, "mm1 dialog".to_owned());
        parts.extend([self.post.to_string(), self.user.to_string(), self.opened_at.to_string()]);
        parts
    }
}

/// The code of `parts` under `key`. The separator is a control character, which no part contains.
pub(crate) fn mac(key: &[u8; 32], parts: &[String]) -> [u8; 32] {
    // A short key is filled up with zeros: that is what HMAC says.
    let mut block = [0; 64];
    for (to, from) in block.iter_mut().zip(key) {
        *to = *from;
    }
    let mut mac = Hmac::<Sha256>::new(&block.into());
    mac.update(parts.join("\u{1f}").as_bytes());
    mac.finalize().into_bytes().into()
}

fn read(context: &Value, channel: ChannelId) -> Option<Button> {
    if text(context, "v")? != "1" {
        return None;
    }
    let root = text(context, "r")?;
    let root = if root.is_empty() { None } else { Some(root.parse().ok()?) };
    Some(Button {
        approval: text(context, "a")?.parse().ok()?,
        card: text(context, "c")?.parse().ok()?,
        nonce: text(context, "n")?.parse().ok()?,
        channel,
        root,
        press: Press::from_word(text(context, "d")?)?,
    })
}

fn text<'v>(value: &'v Value, name: &str) -> Option<&'v str> {
    value.get(name).and_then(Value::as_str)
}

fn hex(bytes: &[u8]) -> String {
    let halves = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    halves.filter_map(|half| char::from_digit(half.into(), 16)).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;
    use uuid::Uuid;

    use super::*;

    fn seal() -> Seal {
        Seal::new(&[7; 32], "main")
    }

    fn button(press: Press) -> Button {
        Button {
            approval: ApprovalId::from_uuid(Uuid::from_u128(1)),
            card: CardId::from_uuid(Uuid::from_u128(2)),
            nonce: CardNonce::new([3; 16]),
            channel: "town".parse().unwrap(),
            root: Some("root".parse().unwrap()),
            press,
        }
    }

    const PRESSES: [Press; 5] = [
        Press::Choice(Choice::Once),
        Press::Choice(Choice::Session),
        Press::Choice(Choice::Always),
        Press::Choice(Choice::Deny),
        Press::DenyWithReason,
    ];

    #[test]
    fn what_was_sealed_is_read_again_and_action_ids_are_legal() {
        for press in PRESSES {
            let made = button(press);
            let context = Value::Object(seal().button(&made));
            assert!(context.as_object().unwrap().values().all(Value::is_string));
            assert_eq!(seal().pressed(&context, &made.channel), Some(made));
            assert!(press.action_id().bytes().all(|b| b.is_ascii_alphanumeric()));
        }
    }

    #[test]
    fn a_seal_of_another_house_account_or_channel_is_none() {
        let made = button(Press::Choice(Choice::Once));
        let channel = made.channel.clone();
        for other in [Seal::new(&[8; 32], "main"), Seal::new(&[7; 32], "other")] {
            let context = Value::Object(other.button(&made));
            assert_eq!(seal().pressed(&context, &channel), None);
        }
        let context = Value::Object(seal().button(&made));
        assert_eq!(seal().pressed(&context, &"elsewhere".parse().unwrap()), None);
    }

    #[test]
    fn whoever_changes_any_field_breaks_the_seal() {
        let made = button(Press::Choice(Choice::Deny));
        let sealed = Value::Object(seal().button(&made));
        let changes = json!({
            "v": "2", "a": ApprovalId::from_uuid(Uuid::from_u128(9)).to_string(),
            "c": CardId::from_uuid(Uuid::from_u128(9)).to_string(), "d": "once",
            "n": CardNonce::new([4; 16]).as_str(), "r": "", "k": "0".repeat(64),
        });
        for (name, value) in changes.as_object().unwrap() {
            for value in [value.clone(), Value::Null, json!(1), json!("")] {
                let mut other = sealed.clone();
                other.as_object_mut().unwrap().insert(name.clone(), value.clone());
                let pressed = seal().pressed(&other, &made.channel);
                assert_eq!(pressed, None, "{name}: {value}");
            }
        }
    }

    #[test]
    fn a_dialog_is_good_for_whom_it_was_opened_for_and_nothing_of_it_can_be_changed() {
        let dialog = Dialog {
            button: button(Press::DenyWithReason),
            post: "post".parse().unwrap(),
            user: "ann".parse().unwrap(),
            opened_at: 17,
        };
        let state = seal().dialog(&dialog);
        assert_eq!(seal().submitted(&state), Some(dialog.clone()));
        let read: Value = serde_json::from_str(&state).unwrap();
        for name in read.as_object().unwrap().keys() {
            let mut changed = read.clone();
            changed[name] = json!("bob");
            assert_eq!(seal().submitted(&changed.to_string()), None, "{name}");
        }
        // A button's own context opens no dialog.
        let context = Value::Object(seal().button(&dialog.button)).to_string();
        assert_eq!(seal().submitted(&context), None);
        for text in ["", "{}", "null", "[", &"[".repeat(10_000)] {
            assert_eq!(seal().submitted(text), None);
        }
    }

    proptest! {
        #[test]
        fn nothing_that_anybody_makes_up_is_sealed(
            words in proptest::collection::vec("[ -~]{0,40}", 7),
        ) {
            let names = ["v", "a", "c", "d", "n", "r", "k"];
            let context: Map<String, Value> =
                names.iter().zip(&words).map(|(name, word)| ((*name).to_owned(), json!(word))).collect();
            prop_assert_eq!(seal().pressed(&Value::Object(context), &"town".parse().unwrap()), None);
        }
    }
}
