//! What leaves is bound as a value, not as a text: how it was written does not matter, and any change
//! of what it says does.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails where it is")]

use std::collections::BTreeSet;
use std::time::Duration;

use countersign_domain::action::Action;
use countersign_domain::grants::{Binding, GrantError, Terms, for_action, verify};
use countersign_domain::identity::Actor;
use countersign_domain::ids::{GatewayId, GrantId, SessionId};
use countersign_domain::outbound::{OutboundPolicy, leaks};
use countersign_domain::redaction::Redactor;
use countersign_domain::signing::{Purpose, SigningKey, VerifyingKeys};
use countersign_domain::strict_json;
use countersign_domain::time::Timestamp;
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use uuid::Uuid;

const NOW: Timestamp = Timestamp::from_millis(1_795_000_000_000);

fn message() -> impl Strategy<Value = Value> {
    let name = proptest::option::of("[A-Za-z ]{1,9}");
    ("[a-z]{1,9}", name, any::<String>()).prop_map(|(hook, name, text)| {
        let mut object = json!({
            "kind": "send_message", "destination": format!("webhook:{hook}"), "text": text,
        });
        if let (Some(name), Some(object)) = (name, object.as_object_mut()) {
            object.insert("name".to_owned(), json!(name));
        }
        object
    })
}

fn mail() -> impl Strategy<Value = Value> {
    let address = || "[a-z]{1,8}@[a-z]{1,8}\\.example";
    let subject = "[^\\p{Cc}\\u{2028}\\u{2029}]{0,40}";
    (prop::collection::vec(address(), 1..4), address(), subject, any::<String>()).prop_map(
        |(to, from, subject, body)| {
            json!({
                "kind": "send_email", "from": from, "to": to, "cc": [], "subject": subject,
                "body": body,
            })
        },
    )
}

fn request() -> impl Strategy<Value = Value> {
    let headers = prop::collection::btree_map("x-[a-z]{1,6}", "[ -~]{0,20}", 0..4);
    ("[a-z]{1,9}", headers, any::<String>()).prop_map(|(path, headers, body)| {
        json!({
            "kind": "http_request", "method": "POST", "url": format!("https://a.example/{path}"),
            "headers": headers, "body": body,
        })
    })
}

/// `value` as JSON with its keys in another order and white space between everything.
fn rewritten(value: &Value, blank: &str) -> String {
    match value {
        Value::Object(object) => {
            let entries = object.iter().rev().map(|(key, value)| {
                format!("{blank}{}{blank}:{blank}{}{blank}", json!(key), rewritten(value, blank))
            });
            format!("{{{}}}", entries.collect::<Vec<_>>().join(","))
        }
        Value::Array(list) => {
            let items = list.iter().map(|item| rewritten(item, blank));
            format!("[{blank}{}{blank}]", items.collect::<Vec<_>>().join(","))
        }
        Value::String(text) => {
            let escaped = text.encode_utf16().map(|unit| format!("\\u{unit:04X}"));
            format!("\"{}\"", escaped.collect::<String>())
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => value.to_string(),
    }
}

fn action(text: &str) -> Action {
    serde_json::from_value(strict_json::read(text).unwrap()).unwrap()
}

fn binding(action: &Action) -> Binding {
    let id = Uuid::from_u128(1);
    Binding::of(action, "tool", SessionId::from_uuid(id), GatewayId::from_uuid(id))
}

/// Whether a grant for `granted` is good for `tried`.
fn judged(granted: &Action, tried: &Action) -> Result<(), GrantError> {
    let key = SigningKey::from_seed([1; 32]).unwrap();
    let right = (Terms::Exempt, Actor::System, None);
    let id = GrantId::from_uuid(Uuid::from_u128(9));
    let grant = for_action(id, &binding(granted), right, (NOW, Duration::from_mins(2)));
    let token = key.sign(Purpose::Grant, &grant.to_json()).unwrap();
    let keys: VerifyingKeys = [key.verifying_key().clone()].into_iter().collect();
    verify(&token, &keys, &binding(tried), NOW).map(drop)
}

proptest! {
    #[test]
    fn how_it_is_written_does_not_matter(
        value in prop_oneof![message(), mail(), request()],
        blank in "[ \\t\\r\\n]{0,3}",
    ) {
        let (plain, other) = (value.to_string(), rewritten(&value, &blank));
        let (plain, other) = (action(&plain), action(&other));
        prop_assert_eq!(plain.digest(), other.digest());
        prop_assert_eq!(judged(&plain, &other), Ok(()));
    }

    #[test]
    fn any_change_of_content_or_destination_is_refused(
        value in prop_oneof![message(), mail(), request()],
        place in any::<prop::sample::Index>(),
        letter in "[a-z]",
    ) {
        let granted = action(&value.to_string());
        let mut changed: Map<String, Value> = value.as_object().unwrap().clone();
        let keys: Vec<String> = changed
            .iter()
            .filter(|(key, value)| {
                value.is_string() && !matches!(key.as_str(), "kind" | "method")
            })
            .map(|(key, _)| key.clone())
            .collect();
        let key = place.get(&keys);
        let text = changed.get(key).and_then(Value::as_str).unwrap().to_owned() + &letter;
        changed.insert(key.clone(), json!(text));
        // One letter more may be another subject, but no destination with a blank at its end.
        let Ok(tried) = serde_json::from_value::<Action>(Value::Object(changed)) else {
            return Ok(());
        };
        prop_assert_ne!(granted.digest(), tried.digest());
        let code = judged(&granted, &tried).unwrap_err().code();
        prop_assert!(
            matches!(code, "grant_content_changed" | "grant_wrong_destination"),
            "{}", code
        );
    }

    #[test]
    fn a_mail_is_exempt_only_if_every_recipient_is(
        exempt in prop::collection::btree_set("[a-d]@x\\.example", 0..4),
        to in prop::collection::btree_set("[a-d]@x\\.example", 1..4),
        cc in prop::collection::btree_set("[a-d]@x\\.example", 0..3),
    ) {
        let mail = action(&json!({
            "kind": "send_email", "from": "me@x.example", "to": to, "cc": cc, "subject": "s",
            "body": "b",
        }).to_string());
        let policy = OutboundPolicy {
            exempt: exempt.iter().map(|one| format!("email:{one}")).collect(),
            ..OutboundPolicy::default()
        };
        prop_assert_eq!(policy.exempts(&mail), to.union(&cc).all(|one| exempt.contains(one)));
        prop_assert!(policy.is_outbound(&mail));
        let reached: BTreeSet<String> = to.union(&cc).map(|one| format!("email:{one}")).collect();
        prop_assert_eq!(mail.counted_destinations(), reached);
    }

    #[test]
    fn a_secret_is_found_wherever_it_stands_and_told_by_its_rule_only(
        value in prop_oneof![message(), mail(), request()],
        (before, after) in ("[a-z \\n]{0,9}", "[a-z \\n]{0,9}"),
        own in any::<bool>(),
    ) {
        let own_secret = "hunter2-hunter2";
        let key = format!(" AKIA{} ", "ABCDEFGHIJKLMNOP");
        let secret = if own { own_secret } else { key.as_str() };
        let scanner = Redactor::new([own_secret.to_owned()]);
        let mut object: Map<String, Value> = value.as_object().unwrap().clone();
        let place = if object.contains_key("text") { "text" } else { "body" };
        let text = format!("{before}{secret}{after}");
        object.insert(place.to_owned(), json!(text));
        let found = leaks(&action(&Value::Object(object).to_string()), &scanner);
        prop_assert!(found.iter().any(|leak| leak.place == format!("the {place}")), "{:?}", found);
        let told = format!("{found:?}");
        prop_assert!(!told.contains(secret.trim()));
    }
}
