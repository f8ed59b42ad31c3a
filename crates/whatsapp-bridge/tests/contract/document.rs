//! The document of the contract.

use serde_json::Value;

const DOCUMENT: &str = include_str!("../../../../docs/whatsapp-bridge.openapi.json");

#[test]
fn the_document_has_every_path_and_every_reference_leads_somewhere() {
    let document: Value = serde_json::from_str(DOCUMENT).unwrap();
    let mut found: Vec<String> = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            assert!(operation["responses"]["401"].is_object(), "{path}");
            found.push(format!("{} {path}", method.to_uppercase()));
        }
    }
    found.sort();
    let wanted = [
        "GET /chat/{id}",
        "GET /chats",
        "GET /health",
        "GET /media/{id}",
        "GET /messages",
        "GET /pairing",
        "POST /messages/ack",
        "POST /send",
        "POST /send-media",
        "POST /typing",
    ];
    assert_eq!(found, wanted);
    references(&document, &document);
}

fn references(document: &Value, part: &Value) {
    match part {
        Value::Object(entries) => {
            if let Some(Value::String(to)) = entries.get("$ref") {
                let pointer = to.strip_prefix('#').unwrap();
                assert!(document.pointer(pointer).is_some(), "{to}");
            }
            entries.values().for_each(|entry| references(document, entry));
        }
        Value::Array(items) => items.iter().for_each(|item| references(document, item)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
