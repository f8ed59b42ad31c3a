//! What a webhook says, once it is known to be Meta's. Whatever is newer than this is passed over,
//! piece by piece: one message that cannot be read keeps no other from being taken.

use countersign_domain::time::Timestamp;
use countersign_ports::platform::BroughtFile;
use serde::Deserialize;
use serde_json::Value;

use super::refusal::Refusal;
use crate::files::name_for;

/// A piece of a webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    /// Something was written to the number.
    Written(Box<Written>),
    /// Something became of a message.
    Status(Box<Status>),
    /// It is about another number of the same app: its id.
    OfAnother(String),
    /// It cannot be read.
    Unreadable,
}

/// A message that came.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Written {
    pub(super) id: String,
    /// Who: digits, unless they hide them.
    pub(super) number: Option<String>,
    /// The id that stands for the number.
    pub(super) user_id: Option<String>,
    pub(super) name: Option<String>,
    pub(super) at: Option<Timestamp>,
    pub(super) text: String,
    /// What else there is in it.
    pub(super) media: Option<String>,
    /// The file that it brings.
    pub(super) file: Option<BroughtFile>,
    /// The message that it quotes.
    pub(super) quoted: Option<String>,
    /// The id of what was tapped.
    pub(super) row: Option<String>,
}

/// What became of a message.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(super) struct Status {
    pub(super) id: String,
    #[serde(rename = "status")]
    pub(super) word: String,
    pub(super) recipient_id: String,
    #[serde(rename = "biz_opaque_callback_data")]
    pub(super) key: Option<String>,
    pub(super) errors: Vec<Refusal>,
}

#[derive(Deserialize)]
struct Body {
    object: String,
    #[serde(default)]
    entry: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    #[serde(default)]
    changes: Vec<Change>,
}

#[derive(Deserialize)]
struct Change {
    field: String,
    value: Value,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Contact {
    wa_id: Option<String>,
    user_id: Option<String>,
    profile: Profile,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Profile {
    name: Option<String>,
}

/// The pieces of a body that is for the number with this id; `None` if it is no such body at all.
pub(super) fn pieces(body: &[u8], phone_number_id: &str) -> Option<Vec<Piece>> {
    let body: Body = serde_json::from_slice(body).ok()?;
    if body.object != "whatsapp_business_account" {
        return None;
    }
    let changes = body.entry.into_iter().flat_map(|entry| entry.changes);
    let mut pieces = Vec::new();
    for change in changes.filter(|change| change.field == "messages") {
        let value = change.value;
        let about = value.pointer("/metadata/phone_number_id").and_then(Value::as_str);
        match about {
            Some(id) if id == phone_number_id => pieces.extend(of_number(&value)),
            Some(other) => pieces.push(Piece::OfAnother(other.chars().take(40).collect())),
            None => pieces.push(Piece::Unreadable),
        }
    }
    Some(pieces)
}

fn of_number(value: &Value) -> Vec<Piece> {
    let contacts: Vec<Contact> = list(value, "contacts")
        .iter()
        .filter_map(|contact| Contact::deserialize(contact).ok())
        .collect();
    let statuses = list(value, "statuses").iter().map(|status| {
        let read = Status::deserialize(status).ok().filter(|status| !status.id.is_empty());
        read.map_or(Piece::Unreadable, |status| Piece::Status(Box::new(status)))
    });
    let messages = list(value, "messages").iter().map(|message| {
        written(message, &contacts)
            .map_or(Piece::Unreadable, |written| Piece::Written(Box::new(written)))
    });
    // Whoever waits for a status is told before anything new is begun.
    statuses.chain(messages).collect()
}

fn written(message: &Value, contacts: &[Contact]) -> Option<Written> {
    let field = |name: &str| text(message, &format!("/{name}"));
    let (number, user_id) = (field("from"), field("from_user_id"));
    let contact = contacts.iter().find(|contact| {
        let same = |one: &Option<String>, other: &Option<String>| one.is_some() && one == other;
        same(&contact.wa_id, &number) || same(&contact.user_id, &user_id)
    });
    // Without either of the two there is nobody.
    let number = number.or_else(|| contact?.wa_id.clone()).filter(|number| is_number(number));
    let user_id = user_id.or_else(|| contact?.user_id.clone()).filter(|id| id.len() <= 140);
    let seconds = field("timestamp").and_then(|text| text.parse::<i64>().ok());
    let quoted = text(message, "/context/id");
    let kind = field("type")?;
    let (text, media, row) = content(message, &kind);
    Some(Written {
        id: field("id")?,
        number,
        user_id,
        name: contact.and_then(|contact| contact.profile.name.clone()),
        at: seconds.and_then(|seconds| seconds.checked_mul(1000)).map(Timestamp::from_millis),
        text,
        file: file(message, &kind),
        media,
        quoted,
        row,
    })
}

/// The text, what else there is, and the row that was tapped.
fn content(message: &Value, kind: &str) -> (String, Option<String>, Option<String>) {
    let at = |path: &str| text(message, path).unwrap_or_default();
    let named = || Some(kind.chars().take(30).collect());
    match kind {
        "text" => (at("/text/body"), None, None),
        "button" => (at("/button/text"), None, Some(at("/button/payload"))),
        "interactive" => {
            let of = match text(message, "/interactive/type").as_deref() {
                Some("list_reply") => "/interactive/list_reply",
                Some("button_reply") => "/interactive/button_reply",
                _ => return (String::new(), named(), None),
            };
            (at(&format!("{of}/title")), None, Some(at(&format!("{of}/id"))))
        }
        "image" | "video" | "document" | "audio" | "sticker" => {
            (at(&format!("/{kind}/caption")), named(), None)
        }
        "reaction" => (at("/reaction/emoji"), named(), None),
        _ => (String::new(), named(), None),
    }
}

/// The file in a message, as its sender describes it.
fn file(message: &Value, kind: &str) -> Option<BroughtFile> {
    if !matches!(kind, "image" | "video" | "document" | "audio" | "sticker") {
        return None;
    }
    let at = |name: &str| text(message, &format!("/{kind}/{name}"));
    let media_type = at("mime_type");
    let name = at("filename").filter(|name| !name.trim().is_empty());
    Some(BroughtFile {
        id: at("id")?,
        name: name.unwrap_or_else(|| name_for(kind, media_type.as_deref().unwrap_or_default())),
        media_type,
        size: None,
    })
}

/// The digits of a number with its country.
fn is_number(text: &str) -> bool {
    (7..=15).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())
}

fn list<'v>(value: &'v Value, name: &str) -> &'v [Value] {
    value.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

fn text(value: &Value, path: &str) -> Option<String> {
    value.pointer(path).and_then(Value::as_str).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    const ID: &str = "106540352242922";

    fn body(value: &Value) -> Vec<u8> {
        json!({
            "object": "whatsapp_business_account",
            "entry": [{"id": "1", "changes": [{"field": "messages", "value": value}]}],
        })
        .to_string()
        .into_bytes()
    }

    fn one(message: &Value) -> Option<Written> {
        let value = json!({
            "messaging_product": "whatsapp",
            "metadata": {"display_phone_number": "15550783881", "phone_number_id": ID},
            "contacts": [
                {"profile": {"name": "Bob"}, "wa_id": "34600111333"},
                {"profile": {"name": "Ann"}, "wa_id": "34600111222", "user_id": "ES.1"},
            ],
            "messages": [message],
        });
        match pieces(&body(&value), ID).unwrap().remove(0) {
            Piece::Written(written) => Some(*written),
            Piece::Unreadable => None,
            other @ (Piece::Status(_) | Piece::OfAnother(_)) => panic!("{other:?}"),
        }
    }

    fn message(more: &Value) -> Value {
        let mut message = json!({"from": "34600111222", "id": "wamid.1", "timestamp": "17"});
        message.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        message
    }

    #[test]
    fn each_kind_of_message_says_what_it_holds() {
        let texts = [
            (json!({"type": "text", "text": {"body": "Hello"}}), "Hello", None),
            (json!({"type": "button", "button": {"payload": "p", "text": "Yes"}}), "Yes", None),
            (
                json!({"type": "image", "image": {"id": "1", "caption": "See"}}),
                "See",
                Some("image"),
            ),
            (json!({"type": "audio", "audio": {"id": "1"}}), "", Some("audio")),
            (json!({"type": "reaction", "reaction": {"emoji": "👍"}}), "👍", Some("reaction")),
            (json!({"type": "location", "location": {}}), "", Some("location")),
            (json!({"type": "unsupported", "errors": []}), "", Some("unsupported")),
        ];
        for (more, text, media) in texts {
            let read = one(&message(&more)).unwrap();
            assert_eq!((read.text.as_str(), read.media.as_deref()), (text, media), "{more}");
            assert_eq!(read.name.as_deref(), Some("Ann"));
            assert_eq!(read.user_id.as_deref(), Some("ES.1"));
            assert_eq!(read.at, Some(Timestamp::from_millis(17_000)));
        }
        let tapped = one(&message(&json!({
            "type": "interactive", "context": {"from": "1", "id": "wamid.card"},
            "interactive": {"type": "list_reply", "list_reply": {"id": "row", "title": "Deny"}},
        })));
        let tapped = tapped.unwrap();
        assert_eq!(tapped.row.as_deref(), Some("row"));
        assert_eq!(tapped.quoted.as_deref(), Some("wamid.card"));
        assert_eq!(tapped.text, "Deny");
    }

    #[test]
    fn whatever_was_tapped_is_told_from_what_was_typed() {
        for more in [
            json!({"type": "button", "button": {"payload": "p", "text": "Yes"}}),
            json!({"type": "button", "button": {"text": "Yes"}}),
            json!({"type": "interactive",
                "interactive": {"type": "button_reply", "button_reply": {"title": "Yes"}}}),
        ] {
            let read = one(&message(&more)).unwrap();
            assert!(read.row.is_some() && read.text == "Yes", "{read:?}");
        }
    }

    #[test]
    fn who_hides_the_number_is_known_by_the_id() {
        let hidden =
            json!({"from_user_id": "ES.9", "id": "wamid.1", "type": "text", "text": {"body": "x"}});
        let read = one(&hidden).unwrap();
        assert_eq!((read.number, read.user_id.as_deref()), (None, Some("ES.9")));
        for from in ["", "x", "+34600111222", "34600111222@s.whatsapp.net", "1"] {
            let mut bad = message(&json!({"type": "text", "text": {"body": "x"}}));
            bad["from"] = json!(from);
            assert_eq!(one(&bad).unwrap().number, None, "{from}");
        }
    }

    #[test]
    fn one_bad_message_keeps_no_other_from_being_read() {
        let value = json!({
            "metadata": {"phone_number_id": ID},
            "statuses": [{"id": "wamid.9", "status": "failed", "recipient_id": "34600111222",
                "errors": [{"code": 131_047, "title": "T", "message": "M", "extra": 1,
                    "error_data": {"details": "D"}}]}, 7],
            "messages": [1, {"id": "x"}, message(&json!({"type": "text", "text": {"body": "y"}}))],
        });
        let read = pieces(&body(&value), ID).unwrap();
        assert_eq!(read.len(), 5);
        let Piece::Status(status) = &read[0] else { panic!("{read:?}") };
        assert_eq!(status.errors[0].code, 131_047);
        assert!(matches!(read[4], Piece::Written(_)));
        assert_eq!(read.iter().filter(|piece| **piece == Piece::Unreadable).count(), 3);
    }

    #[test]
    fn what_is_about_another_number_is_said_to_be() {
        let value =
            json!({"metadata": {"phone_number_id": "7"}, "messages": [message(&json!({}))]});
        assert_eq!(pieces(&body(&value), ID), Some(vec![Piece::OfAnother("7".to_owned())]));
        for other in ["", "{}", "[]", r#"{"object":"page","entry":[]}"#, &"[".repeat(10_000)] {
            assert_eq!(pieces(other.as_bytes(), ID), None, "{other}");
        }
    }

    proptest! {
        #[test]
        fn nothing_that_is_brought_breaks_it(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            drop(pieces(&bytes, ID));
        }
    }
}
