//! Answers that are errors.

use std::time::{Duration, SystemTime};

use countersign_domain::display::one_line;
use countersign_ports::model_provider::ModelError;
use reqwest::Response;
use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};
use serde_json::Value;

use super::settings::ServerSettings;

/// How much of an error's words is kept, in characters.
const SHOWN: usize = 400;
/// How much of an error's body is read, in bytes.
const READ: usize = 64 * 1024;

/// What an answer with an error status says.
pub(in crate::providers) async fn read_error(
    mut answer: Response,
    settings: &ServerSettings,
) -> ModelError {
    let status = answer.status();
    let retry_after = retry_after(answer.headers());
    let mut body = Vec::new();
    let reading = async {
        while let Ok(Some(chunk)) = answer.chunk().await {
            body.extend_from_slice(&chunk);
            if body.len() > READ {
                break;
            }
        }
    };
    // What has come by then is enough for a message.
    tokio::time::timeout(settings.idle_timeout, reading).await.ok();
    let body = String::from_utf8_lossy(&body);
    let words = match serde_json::from_str::<Value>(&body) {
        Ok(value) => words_of(&value).unwrap_or_else(|| body.to_string()),
        Err(_) => body.to_string(),
    };
    let words = if words.trim().is_empty() {
        status.canonical_reason().unwrap_or("no words").to_owned()
    } else {
        words
    };
    ModelError::Status { status: status.as_u16(), message: shown(&words, settings), retry_after }
}

/// What an error object within a stream says.
pub(in crate::providers) fn error_in_stream(
    error: &Value,
    settings: &ServerSettings,
) -> ModelError {
    let message = words_of(error).unwrap_or_else(|| error.to_string());
    let message = shown(&message, settings);
    let code = ["code", "status"].iter().find_map(|key| {
        let code = error.get(key)?;
        code.as_u64().or_else(|| code.as_str()?.parse().ok())
    });
    let status = code.and_then(|code| u16::try_from(code).ok());
    match status.filter(|status| (400..600).contains(status)) {
        Some(status) => ModelError::Status { status, message, retry_after: None },
        None => ModelError::Broken(message),
    }
}

pub(in crate::providers) fn shown(words: &str, settings: &ServerSettings) -> String {
    one_line(&settings.without_secrets(words), SHOWN)
}

/// The message within an error object; servers nest it differently.
fn words_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Object(object) => ["error", "message", "detail"]
            .iter()
            .find_map(|key| object.get(*key).and_then(words_of)),
        Value::Array(list) => list.first().and_then(words_of),
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}

/// How long the server asks to wait: seconds, or a date, which is taken by the server's own clock.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse::<f64>() {
        return Duration::try_from_secs_f64(seconds).ok();
    }
    let until = httpdate::parse_http_date(text).ok()?;
    let date = headers.get(DATE).and_then(|date| date.to_str().ok());
    let now =
        date.and_then(|date| httpdate::parse_http_date(date).ok()).unwrap_or_else(SystemTime::now);
    Some(until.duration_since(now).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_may_ask_to_wait_in_seconds_or_until_a_date() {
        let asked = |pairs: &[(reqwest::header::HeaderName, &'static str)]| {
            let pairs = pairs.iter().cloned();
            let headers =
                pairs.map(|(name, value)| (name, reqwest::header::HeaderValue::from_static(value)));
            retry_after(&headers.collect())
        };
        assert_eq!(asked(&[(RETRY_AFTER, "7")]), Some(Duration::from_secs(7)));
        assert_eq!(asked(&[(RETRY_AFTER, "-1")]), None);
        assert_eq!(asked(&[(RETRY_AFTER, "soon")]), None);
        assert_eq!(asked(&[]), None);
        let date = (DATE, "Wed, 21 Oct 2015 07:28:00 GMT");
        let later = (RETRY_AFTER, "Wed, 21 Oct 2015 07:28:30 GMT");
        assert_eq!(asked(&[date.clone(), later]), Some(Duration::from_secs(30)));
        let earlier = (RETRY_AFTER, "Wed, 21 Oct 2015 07:27:00 GMT");
        assert_eq!(asked(&[date, earlier]), Some(Duration::ZERO));
    }
}
