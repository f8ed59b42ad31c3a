//! A text as its readers may take it: escapes hide a secret from nobody but who searches for it.

use std::borrow::Cow;

use crate::redaction::Redactor;

/// So many layers of escapes are undone. Each is looked through once, so the work grows with the
/// text and with nothing else.
const LAYERS: usize = 3;

/// What `text` holds that is a secret for certain, however it is escaped.
pub(super) fn secret_in(text: &str, scanner: &Redactor) -> Option<&'static str> {
    let found = readings(text).iter().find_map(|reading| scanner.secret_rule(reading));
    // Base64 and hexadecimal digits can be broken into lines.
    found.or_else(|| scanner.own_secret_rule(&without(text, char::is_whitespace)?))
}

/// `text` as it is, as UTF-16 that was read as single bytes, and with its escapes undone layer by
/// layer.
fn readings(text: &str) -> Vec<Cow<'_, str>> {
    let mut readings = vec![Cow::Borrowed(text)];
    readings.extend(without(text, |c| c == '\0').map(Cow::Owned));
    // In forms a plus sign is a blank; elsewhere it is itself.
    let form = text.contains('+').then(|| unescaped(&text.replace('+', " "))).flatten();
    let mut layer = unescaped(text);
    for _ in 0..LAYERS {
        let Some(inner) = layer else { break };
        layer = unescaped(&inner);
        readings.push(Cow::Owned(inner));
    }
    readings.extend(form.map(Cow::Owned));
    readings
}

/// `text` without some characters; `None` if it has none of them.
fn without(text: &str, some: impl Fn(char) -> bool) -> Option<String> {
    text.contains(&some).then(|| text.chars().filter(|c| !some(*c)).collect())
}

/// `text` with one layer of percent signs and backslashes undone; `None` if there is none.
fn unescaped(text: &str) -> Option<String> {
    if !text.contains(['%', '\\']) {
        return None;
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    let mut any = false;
    while let Some((first, after)) = rest.split_first() {
        if let Some((decoded, length)) = escape(rest) {
            bytes.extend_from_slice(decoded.encode_utf8(&mut [0; 4]).as_bytes());
            rest = rest.get(length..).unwrap_or_default();
        } else if let Some(byte) = percent(rest) {
            // Several bytes can be one character, so they are put together first.
            bytes.push(byte);
            rest = rest.get(3..).unwrap_or_default();
        } else {
            bytes.push(*first);
            rest = after;
            continue;
        }
        any = true;
    }
    any.then(|| String::from_utf8_lossy(&bytes).into_owned())
}

/// The byte that `%2F` stands for.
fn percent(text: &[u8]) -> Option<u8> {
    let digits = text.strip_prefix(b"%")?.get(..2)?;
    u8::try_from(hexadecimal(digits)?).ok()
}

/// The character that a backslash and what follows it stand for in JSON and its kin, and their
/// length.
fn escape(text: &[u8]) -> Option<(char, usize)> {
    let [b'\\', kind, rest @ ..] = text else { return None };
    let short = |c| Some((c, 2));
    match kind {
        b'u' => {
            let code = hexadecimal(rest.get(..4)?)?;
            Some((char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER), 6))
        }
        b'x' => Some((char::from_u32(hexadecimal(rest.get(..2)?)?)?, 4)),
        b'n' => short('\n'),
        b'r' => short('\r'),
        b't' => short('\t'),
        b'"' | b'\'' | b'/' | b'\\' => short(char::from(*kind)),
        _ => None,
    }
}

fn hexadecimal(digits: &[u8]) -> Option<u32> {
    let mut value = 0;
    for digit in digits {
        value = value * 16 + char::from(*digit).to_digit(16)?;
    }
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_undone_layer_by_layer() {
        for (text, inner) in [
            ("a%2Fb", "a/b"),
            ("a%252fb", "a/b"),
            ("a%25252fb", "a/b"),
            (r"a\/b", "a/b"),
            (r"a\u002Fb", "a/b"),
            (r"a\\u002fb", "a/b"),
            (r"a\x2fb", "a/b"),
            ("a+b%2F", "a b/"),
            ("%C3%BC", "ü"),
            ("a\0/\0b\0", "a/b"),
        ] {
            assert!(readings(text).iter().any(|reading| reading == inner), "{text}");
        }
        for text in ["", "%", "%2", "%zz", "\\", r"\u12", r"\x", r"\q", "100 %"] {
            assert_eq!(readings(text), [text]);
        }
    }

    #[test]
    fn the_layers_are_few_however_deep_they_are() {
        let deep = format!("%{}2f", "25".repeat(10_000));
        assert_eq!(readings(&deep).len(), 1 + LAYERS);
    }
}
