//! Tokens that a tool call brings along.
//!
//! A call may carry a grant in an argument of its own. It is taken out before the call is stored,
//! so that no journal, event or later model message holds it.

use serde_json::{Map, Value};

/// The argument that may carry a grant.
pub const TOKEN_ARGUMENT: &str = "user_approval_token";

/// What stands in its place in everything that is stored.
const MASK: &str = "[kept by the gateway]";

/// The arguments without the token, and the token. `None` if there is none.
pub fn mask_token(arguments: &str) -> Option<(String, String)> {
    if !arguments.contains(TOKEN_ARGUMENT) && !arguments.contains('\\') {
        return None;
    }
    let mut parsed: Map<String, Value> = serde_json::from_str(arguments).ok()?;
    let place = parsed.get_mut(TOKEN_ARGUMENT)?;
    let token = match place {
        Value::String(text) if text.trim().is_empty() => return None,
        Value::Null => return None,
        Value::String(text) => text.trim().to_owned(),
        // It cannot be a grant, and is still not for everybody's eyes.
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => place.to_string(),
    };
    *place = Value::String(MASK.to_owned());
    Some((Value::Object(parsed).to_string(), token))
}

/// Whether the stored arguments of a call say that it brought a token.
pub fn presented_token(arguments: &str) -> bool {
    arguments.contains(MASK)
        && serde_json::from_str::<Map<String, Value>>(arguments)
            .is_ok_and(|parsed| parsed.get(TOKEN_ARGUMENT).and_then(Value::as_str) == Some(MASK))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_taken_out_however_it_is_written() {
        for given in [
            r#"{"target":"ops","user_approval_token":"v4.public.abc"}"#,
            r#"{"target":"ops","user\u005fapproval_token":" v4.public.abc "}"#,
        ] {
            let (masked, token) = mask_token(given).unwrap();
            assert_eq!(token, "v4.public.abc");
            assert!(!masked.contains("v4.public") && masked.contains("ops"), "{masked}");
            assert!(presented_token(&masked));
        }
        for given in [r#"{"user_approval_token":""}"#, r#"{"user_approval_token":null}"#, "{}", ""]
        {
            assert_eq!(mask_token(given), None);
            assert!(!presented_token(given));
        }
    }
}
