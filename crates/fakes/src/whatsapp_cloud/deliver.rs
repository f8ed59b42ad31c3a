//! Webhooks: made as the real ones are, signed over their bytes, and brought until they are taken.

use bytes::Bytes;
use ring::hmac;
use serde_json::{Value, json};

use super::state::{Shared, Webhook};

/// Something that was brought.
#[derive(Debug, Clone)]
pub struct Brought {
    /// The id of the message, if it is one.
    pub id: String,
    /// What it was answered with; 0 for no answer at all.
    pub status: u16,
    pub(super) webhook: Webhook,
}

/// What a webhook is about.
#[derive(Debug, Clone)]
pub(super) enum Envelope {
    /// Messages, and who sends them.
    Messages { contacts: Vec<Value>, messages: Vec<Value> },
    /// What became of messages.
    Statuses(Vec<Value>),
}

/// Brings it to where the app wants it. What is not taken is owed.
pub(super) async fn bring(shared: &Shared, envelope: Envelope) -> (Webhook, u16) {
    let body = body(shared, &shared.settings.phone_number_id, envelope);
    let signature = sign(&shared.settings.app_secret, &body);
    let webhook = Webhook { body, signature };
    let status = post(shared, &webhook, Some(&webhook.signature)).await;
    if status != 200 {
        shared.change(|world| world.owed.push_back(webhook.clone()));
    }
    (webhook, status)
}

/// One webhook, as it is sent: with everything escaped that is not plain.
pub(super) fn body(shared: &Shared, phone_number_id: &str, envelope: Envelope) -> Bytes {
    let mut value = json!({
        "messaging_product": "whatsapp",
        "metadata": {
            "display_phone_number": shared.settings.number,
            "phone_number_id": phone_number_id,
        },
    });
    if let Some(fields) = value.as_object_mut() {
        match envelope {
            Envelope::Messages { contacts, messages } => {
                fields.insert("contacts".to_owned(), contacts.into());
                fields.insert("messages".to_owned(), messages.into());
            }
            Envelope::Statuses(statuses) => {
                fields.insert("statuses".to_owned(), statuses.into());
            }
        }
    }
    let whole = json!({
        "object": "whatsapp_business_account",
        "entry": [{
            "id": shared.settings.business_id,
            "changes": [{"value": value, "field": "messages"}],
        }],
    });
    Bytes::from(escaped(&whole.to_string()))
}

/// JSON in which slashes and everything beyond ASCII is escaped: whoever signs what they have parsed
/// and written again has another signature.
fn escaped(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for c in json.chars() {
        if c == '/' {
            text.push_str("\\/");
        } else if c.is_ascii() {
            text.push(c);
        } else {
            for unit in c.encode_utf16(&mut [0; 2]) {
                text.push_str("\\u");
                text.push_str(&hex(&unit.to_be_bytes()));
            }
        }
    }
    text
}

/// What `X-Hub-Signature-256` says of a body under a secret.
pub(super) fn sign(secret: &str, body: &[u8]) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let tag = hmac::sign(&key, body);
    format!("sha256={}", hex(tag.as_ref()))
}

/// Bytes as digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    let halves = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    halves.filter_map(|half| char::from_digit(half.into(), 16)).collect()
}

/// Posts it once; what it was answered with.
pub(super) async fn post(shared: &Shared, webhook: &Webhook, signature: Option<&str>) -> u16 {
    let Some(callback) = shared.world().callback.clone() else { return 0 };
    let mut request = shared
        .client
        .post(callback)
        .header("content-type", "application/json")
        .header("user-agent", "facebookexternalua")
        .body(webhook.body.clone());
    if let Some(signature) = signature {
        request = request.header("x-hub-signature-256", signature);
    }
    match request.send().await {
        Ok(answer) => answer.status().as_u16(),
        Err(_) => 0,
    }
}
