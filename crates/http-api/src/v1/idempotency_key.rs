//! The header `Idempotency-Key`.

use axum::http::HeaderMap;
use countersign_domain::digest::Digest;
use countersign_gateway::Idempotency;

use crate::problem::Problem;

/// The longest key, in characters.
const LONGEST: usize = 255;

/// The key of a request, if it has one.
pub(crate) fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let mut given = headers.get_all("idempotency-key").iter();
    let key = match (given.next(), given.next()) {
        (None, _) => return Ok(None),
        (Some(key), None) => key.to_str().unwrap_or_default(),
        (Some(_), Some(_)) => "",
    };
    let printable = key.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic());
    if key.is_empty() || key.len() > LONGEST || !printable {
        let message = "`Idempotency-Key` is one text of 1 to 255 printable ASCII characters";
        return Err(Problem::invalid("invalid_value", "Idempotency-Key", message));
    }
    Ok(Some(key.to_owned()))
}

/// The key of a POST to `path` with this body, if it has one.
pub(crate) fn idempotency(
    headers: &HeaderMap,
    path: &str,
    body: &[u8],
) -> Result<Option<Idempotency>, Problem> {
    let key = idempotency_key(headers)?;
    let request = || Digest::of(&[b"POST\n", path.as_bytes(), b"\n", body].concat());
    Ok(key.map(|key| Idempotency { key, request: request() }))
}
