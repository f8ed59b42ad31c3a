//! What one text decodes to: forms, `pack`, rot13, letter case, percent signs.

use crate::interpret::decode;

/// A form with its places filled.
pub(super) fn filled(form: &str, place: &str, texts: &[&str]) -> Option<String> {
    let mut parts = form.split(place);
    let mut out = parts.next()?.to_owned();
    let mut texts = texts.iter();
    for part in parts {
        out.push_str(texts.next()?);
        out.push_str(part);
    }
    Some(out)
}

/// What `pack` makes of one text.
pub(super) fn unpacked(form: &str, text: &str) -> Option<String> {
    match form.chars().next()? {
        'H' => decode::hex(text),
        'A' | 'a' => Some(text.to_owned()),
        _ => None,
    }
}

/// What `unpack` makes of one text: `m` is base64.
pub(super) fn unpacked_by(form: &str, text: &str) -> Option<String> {
    match form.chars().next()? {
        'm' => decode::base(text, 6),
        'A' | 'a' => Some(text.to_owned()),
        _ => None,
    }
}

pub(super) fn rot13(text: &str) -> Option<String> {
    decode::translate(&["A-Za-z", "N-ZA-Mn-za-m"], text)
}

pub(super) fn swapped(text: &str) -> String {
    text.chars()
        .map(
            |c| {
                if c.is_ascii_uppercase() { c.to_ascii_lowercase() } else { c.to_ascii_uppercase() }
            },
        )
        .collect()
}

/// `%2f` and its like.
pub(super) fn percent(text: &str) -> Option<String> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            out.push(byte);
            continue;
        }
        let mut digit = || char::from(bytes.next()?).to_digit(16);
        out.push(u8::try_from(digit()? * 16 + digit()?).ok()?);
    }
    String::from_utf8(out).ok()
}
