//! Bodies: read as the server reads them, where `null` and what is missing are the same.

use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use axum::Json;

use crate::mattermost::refusal::Refusal;

/// Reads a body, or says which part of the request it is that cannot be read.
pub(super) fn read<T: DeserializeOwned>(bytes: &[u8], what: &str) -> Result<T, Refusal> {
    let mut value: Value = serde_json::from_slice(bytes).map_err(|_| Refusal::bad_body(what))?;
    if let Some(fields) = value.as_object_mut() {
        let nulls: Vec<String> = fields
            .iter()
            .filter(|(_, value)| value.is_null())
            .map(|(name, _)| name.clone())
            .collect();
        for name in nulls {
            fields.remove(&name);
        }
    }
    serde_json::from_value(value).map_err(|_| Refusal::bad_body(what))
}

/// What is answered when there is nothing to say.
pub(super) fn done() -> Json<Value> {
    Json(json!({"status": "OK"}))
}
