//! Bodies: read as the server reads them, where `null` and what is missing are the same.

use axum::Json;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use crate::mattermost::refusal::Refusal;

/// Reads an object, or says which part of the request it is that cannot be read.
pub(super) fn read<T: DeserializeOwned>(bytes: &[u8], what: &str) -> Result<T, Refusal> {
    let bad = |_| Refusal::bad_body(what);
    let fields: Map<String, Value> = serde_json::from_slice(bytes).map_err(bad)?;
    let given = fields.into_iter().filter(|(_, value)| !value.is_null()).collect();
    serde_json::from_value(Value::Object(given)).map_err(bad)
}

/// Reads a list of texts.
pub(super) fn read_list(bytes: &[u8], what: &str) -> Result<Vec<String>, Refusal> {
    serde_json::from_slice(bytes).map_err(|_| Refusal::bad_body(what))
}

/// What is answered when there is nothing to say.
pub(super) fn done() -> Json<Value> {
    Json(json!({"status": "OK"}))
}
