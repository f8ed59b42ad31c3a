//! Tokens that a tool call brings along.
//!
//! A call may carry a grant in an argument of its own. It is taken out before the call is stored,
//! so that no journal, event or later model message holds it.

use serde_json::{Map, Value};

use crate::strict_json;

/// The argument that may carry a grant.
pub const TOKEN_ARGUMENT: &str = "user_approval_token";

/// What stands in its place in everything that is stored.
const MASK: &str = "[kept by the gateway]";

/// The arguments as they may be stored, and the token; `None` if there is no token to take out.
///
/// Arguments that no tool accepts, because they are no JSON object or could be read in two ways, end
/// where the token would begin. They stay what no tool accepts, so their token is good for nothing
/// and there is none.
pub fn mask_token(arguments: &str) -> Option<(String, Option<String>)> {
    if !arguments.contains('\\') && !named_in(arguments) {
        return None;
    }
    let Ok(Value::Object(mut parsed)) = strict_json::read(arguments) else {
        return cut(arguments).map(|masked| (masked, None));
    };
    let place = parsed.get_mut(TOKEN_ARGUMENT)?;
    let token = match place {
        Value::String(text) if text.trim().is_empty() => return None,
        Value::Null => return None,
        Value::String(text) => text.trim().to_owned(),
        // It cannot be a grant, and is still not for everybody's eyes.
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => place.to_string(),
    };
    *place = Value::String(MASK.to_owned());
    Some((Value::Object(parsed).to_string(), Some(token)))
}

/// Whether the stored arguments of a call say that it brought a token.
pub fn presented_token(arguments: &str) -> bool {
    arguments.contains(MASK)
        && serde_json::from_str::<Map<String, Value>>(arguments)
            .is_ok_and(|parsed| parsed.get(TOKEN_ARGUMENT).and_then(Value::as_str) == Some(MASK))
}

fn named_in(text: &str) -> bool {
    text.to_ascii_lowercase().contains(TOKEN_ARGUMENT)
}

/// `arguments` up to the end of the token's name, however it is written, and the mask: no JSON,
/// whatever stands in front. `None` if the name is not there.
fn cut(arguments: &str) -> Option<String> {
    let mut read = String::with_capacity(arguments.len());
    // For each byte of `read`, where what it stands for ends in `arguments`.
    let mut ends = Vec::with_capacity(arguments.len());
    let mut at = 0;
    while let Some(c) = arguments.get(at..).and_then(|rest| rest.chars().next()) {
        let rest = arguments.get(at..).unwrap_or_default();
        let (c, length) = unit(rest).unwrap_or((c, c.len_utf8()));
        at += length;
        read.push(c.to_ascii_lowercase());
        ends.resize(read.len(), at);
    }
    let last = read.find(TOKEN_ARGUMENT)? + TOKEN_ARGUMENT.len() - 1;
    Some(format!("{}{MASK}", arguments.get(..*ends.get(last)?)?))
}

/// The character that an escape like `\u005f` at the beginning of `text` stands for, and its length.
fn unit(text: &str) -> Option<(char, usize)> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    let code = u32::from_str_radix(digits, 16).ok()?;
    Some((char::from_u32(code)?, 6))
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
            assert_eq!(token.as_deref(), Some("v4.public.abc"));
            assert!(!masked.contains("v4.public") && masked.contains("ops"), "{masked}");
            assert!(presented_token(&masked));
        }
        for given in [r#"{"user_approval_token":""}"#, r#"{"user_approval_token":null}"#, "{}", ""]
        {
            assert_eq!(mask_token(given), None);
            assert!(!presented_token(given));
        }
    }

    #[test]
    fn what_no_tool_accepts_does_not_become_acceptable_and_does_not_keep_the_token() {
        for given in [
            r#"{"target":"ops","target":"evil","user_approval_token":"v4.public.abc"}"#,
            r#"{"user_approval_token":"","x":1,"user_approval_token":"v4.public.abc"}"#,
            r#"{"user_approval_token":"v4.public.abc","user\u005Fapproval_token":""}"#,
            r#"{"x":12345678901234567890,"user_approval_token":"v4.public.abc"}"#,
            r#"{"user_approval_token":"v4.public.abc""#,
            r#"{"user_approval_token":"v4.public.abc"} and more"#,
            r"{'user_approval_token':'v4.public.abc'}",
            r"{'User\u005fapproval\u005ftoken':'v4.public.abc'}",
            r#"[{"user_approval_token":"v4.public.abc"}]"#,
            r#""user_approval_token v4.public.abc""#,
            "user_approval_token=v4.public.abc",
            "ä\\u12 user_approval_token: v4.public.abc",
        ] {
            let (masked, token) = mask_token(given).unwrap();
            assert_eq!(token, None, "{given}");
            assert!(!masked.contains("v4.public") && masked.ends_with(MASK), "{masked}");
            assert!(serde_json::from_str::<Value>(&masked).is_err(), "{masked}");
            assert!(!presented_token(&masked));
        }
        for given in [r#"{"a":"\u00e4","a":2}"#, "\\", "\\u", r"\ud83d", "{\\"] {
            assert_eq!(mask_token(given), None, "{given}");
        }
    }
}
