//! What holds of every bridge for what leaves.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::worlds::{MOVISTAR, World};

fn text(text: &str, key: &str) -> Value {
    json!({"chat_id": format!("{MOVISTAR}@s.whatsapp.net"), "text": text, "idempotency_key": key})
}

fn file(bytes: &[u8], key: &str) -> Value {
    json!({
        "chat_id": format!("{MOVISTAR}@s.whatsapp.net"),
        "file": {"type": "application/pdf", "name": "bill.pdf", "base64": STANDARD.encode(bytes)},
        "caption": "my bill",
        "idempotency_key": key,
    })
}

/// `whole`, with one field as it should not be.
fn with(whole: &Value, pointer: &str, value: Value) -> Value {
    let mut changed = whole.clone();
    let (above, name) = pointer.rsplit_once('/').unwrap();
    let object = changed.pointer_mut(above).and_then(Value::as_object_mut).unwrap();
    object.insert(name.to_owned(), value);
    changed
}

pub(crate) async fn a_key_is_one_message(world: impl World) {
    let asker = world.asker();
    let first = asker.post("/send", &text("Hello", "k1")).await.is(200);
    let again = asker.post("/send", &text("Hello", "k1")).await.is(200);
    assert_eq!(first, again);
    asker.post("/send", &text("Bye", "k1")).await.refuses(409, "key_used");
    let elsewhere = with(&text("Hello", "k1"), "/chat_id", json!("1@lid"));
    asker.post("/send", &elsewhere).await.refuses(409, "key_used");
    asker.post("/send-media", &file(b"x", "k1")).await.refuses(409, "key_used");
    let other = asker.post("/send", &text("Hello", "k2")).await.is(200);
    assert_ne!(first, other);
    let left = world.left();
    assert_eq!(left.len(), 2);
    assert_eq!(first["message_id"], left[0].id);
    assert_eq!((left[0].text.as_str(), left[1].text.as_str()), ("Hello", "Hello"));
}

pub(crate) async fn what_may_have_left_is_broken_and_its_key_stays(world: impl World) {
    let asker = world.asker();
    world.breaks_off(1);
    asker.post("/send", &text("Hello", "k1")).await.refuses(502, "broken");
    asker.post("/send", &text("Bye", "k1")).await.refuses(409, "key_used");
    let sent = asker.post("/send", &text("Hello", "k1")).await.is(200);
    let left = world.left();
    assert_eq!(left.len(), 1);
    assert_eq!(sent["message_id"], left[0].id);
}

pub(crate) async fn what_is_no_message_is_refused(world: impl World) {
    let asker = world.asker();
    let whole = text("Hello", "k1");
    let wrong = [
        with(&whole, "/chat_id", json!("34600111222")),
        with(&whole, "/chat_id", json!("34600111222:12@s.whatsapp.net")),
        with(&whole, "/chat_id", json!("1203630-1@g.us")),
        with(&whole, "/chat_id", json!("status@broadcast")),
        with(&whole, "/text", json!("")),
        with(&whole, "/text", json!("x".repeat(65_537))),
        with(&whole, "/text", Value::Null),
        with(&whole, "/idempotency_key", json!("")),
        with(&whole, "/idempotency_key", json!("k".repeat(129))),
        with(&whole, "/reply_to", json!("")),
        with(&whole, "/path", json!("/etc/passwd")),
        json!({"chat_id": "1@lid", "text": "Hello"}),
        json!([]),
    ];
    for body in wrong {
        asker.post("/send", &body).await.refuses(400, "bad_request");
    }
    assert!(world.left().is_empty());
    asker.post("/send", &with(&whole, "/text", json!("😀".repeat(65_536)))).await.is(200);
}

pub(crate) async fn nothing_leaves_an_account_that_is_not_linked(world: impl World) {
    world.is_linked(false);
    let asker = world.asker();
    asker.post("/send", &text("Hello", "k1")).await.refuses(503, "not_linked");
    asker.post("/send-media", &file(b"x", "k2")).await.refuses(503, "not_linked");
    let there = json!({"chat_id": format!("{MOVISTAR}@s.whatsapp.net")});
    asker.post("/typing", &there).await.refuses(503, "not_linked");
    assert!(world.left().is_empty());
    world.is_linked(true);
    // Nothing was done under the key.
    asker.post("/send", &text("Something else", "k1")).await.is(200);
    assert_eq!(world.left().len(), 1);
}

pub(crate) async fn a_file_is_sent_once(world: impl World) {
    let asker = world.asker();
    let first = asker.post("/send-media", &file(b"bytes", "k1")).await.is(200);
    let again = asker.post("/send-media", &file(b"bytes", "k1")).await.is(200);
    assert_eq!(first, again);
    asker.post("/send-media", &file(b"other", "k1")).await.refuses(409, "key_used");
    asker.post("/send", &text("Hello", "k1")).await.refuses(409, "key_used");
    let left = world.left();
    assert_eq!(left.len(), 1);
    assert_eq!((left[0].text.as_str(), left[0].bytes.as_slice()), ("my bill", &b"bytes"[..]));
    assert_eq!(first["message_id"], left[0].id);
}

pub(crate) async fn what_is_no_file_is_refused(world: impl World) {
    let asker = world.asker();
    let whole = file(b"bytes", "k1");
    let wrong = [
        with(&whole, "/chat_id", json!("1203630-1@g.us")),
        with(&whole, "/caption", json!("")),
        with(&whole, "/caption", json!("x".repeat(1025))),
        with(&whole, "/idempotency_key", json!("")),
        with(&whole, "/path", json!("/etc/passwd")),
        with(&whole, "/file/path", json!("/etc/passwd")),
        with(&whole, "/file/url", json!("file:///etc/passwd")),
        with(&whole, "/file/name", json!("../bill.pdf")),
        with(&whole, "/file/name", json!("..")),
        with(&whole, "/file/name", json!("a\\b.pdf")),
        with(&whole, "/file/name", json!("a\nb.pdf")),
        with(&whole, "/file/name", json!("")),
        with(&whole, "/file/base64", json!("")),
        with(&whole, "/file/base64", json!("not base64!")),
    ];
    for body in wrong {
        asker.post("/send-media", &body).await.refuses(400, "bad_request");
    }
    for kind in ["text/html", "image/svg+xml", "application/x-sh", "APPLICATION/PDF", "pdf", ""] {
        let body = with(&whole, "/file/type", json!(kind));
        asker.post("/send-media", &body).await.refuses(415, "media_type");
    }
    assert!(world.left().is_empty());
}

pub(crate) async fn a_file_that_is_too_large_is_refused(world: impl World) {
    let asker = world.asker();
    let largest = 16 * 1024 * 1024;
    let over = file(&vec![0; largest + 1], "k1");
    asker.post("/send-media", &over).await.refuses(413, "too_large");
    assert!(world.left().is_empty());
}

pub(crate) async fn typing_is_for_people(world: impl World) {
    let asker = world.asker();
    let there = json!({"chat_id": format!("{MOVISTAR}@s.whatsapp.net")});
    asker.post("/typing", &there).await.is(204);
    for body in [json!({"chat_id": "1-1@g.us"}), json!({}), with(&there, "/for", json!(1))] {
        asker.post("/typing", &body).await.refuses(400, "bad_request");
    }
}
