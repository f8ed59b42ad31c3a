//! Functions of literals: `b64decode(…)`, `chr(…)`, `str_replace(…)`.

use super::codecs::{percent, rot13, unpacked};
use super::last_of;
use super::lists::{joined, spelled};
use crate::code::lex::Token;
use crate::interpret::decode;

/// A function of literals.
#[expect(
    clippy::too_many_lines,
    reason = "a list of cases read from top to bottom; splitting it would hide the order"
)]
pub(super) fn called(name: &str, inside: &[Token], language: &str) -> Option<String> {
    let last = last_of(name);
    match (last, inside) {
        (
            "b64decode" | "base64_decode" | "decode64" | "strict_decode64" | "urlsafe_decode64"
            | "decode_base64" | "atob" | "urlsafe_b64decode" | "standard_b64decode" | "a2b_base64"
            | "decodebytes" | "decodestring",
            [Token::Text(text)],
        ) => decode::base(text, 6),
        ("b32decode", [Token::Text(text)]) => decode::base(text, 5),
        ("fromhex" | "unhexlify" | "hex2bin" | "a2b_hex" | "b16decode", [Token::Text(text)]) => {
            decode::hex(text)
        }
        ("strrev", [Token::Text(text)]) => Some(text.chars().rev().collect()),
        ("reverse", [Token::Text(text)]) if matches!(language, "lua" | "julia") => {
            Some(text.chars().rev().collect())
        }
        ("str_rot13", [Token::Text(text)]) => rot13(text),
        (
            "unescape" | "decodeURIComponent" | "decodeURI" | "urldecode" | "rawurldecode"
            | "unquote" | "unquote_plus",
            [Token::Text(text)],
        ) => percent(text),
        ("decode" | "from", [Token::Text(text), Token::Mark(','), Token::Text(form)]) => {
            match form.to_ascii_lowercase().as_str() {
                "hex" | "hex_codec" => decode::hex(text),
                "base64" | "base64_codec" | "base64url" => decode::base(text, 6),
                "rot13" | "rot_13" | "rot-13" => rot13(text),
                _ => None,
            }
        }
        ("pack", [Token::Text(form), Token::Mark(','), Token::Text(text)]) => unpacked(form, text),
        ("pack", [Token::Text(_), Token::Mark(','), items @ ..]) => spelled(items),
        ("chr", [Token::Number(Some(value))]) => char::from_u32(*value).map(String::from),
        ("chr" | "fromCharCode" | "fromCodePoint" | "char", items)
            if last != "chr" && !items.is_empty() =>
        {
            spelled(items)
        }
        ("bytes" | "bytearray" | "from", [Token::Mark('['), items @ .., Token::Mark(']')]) => {
            spelled(items)
        }
        (
            "bytes" | "str" | "String" | "bytearray" | "Symbol" | "scalar",
            [Token::Text(text), ..],
        ) => Some(text.clone()),
        ("join" | "implode", [Token::Text(between), Token::Mark(','), items @ ..])
            if matches!(language, "perl" | "php" | "julia") =>
        {
            joined(between, items)
        }
        (
            "str_replace",
            [
                Token::Text(from),
                Token::Mark(','),
                Token::Text(to),
                Token::Mark(','),
                Token::Text(text),
            ],
        ) if !from.is_empty() => Some(text.replace(from.as_str(), to)),
        _ => None,
    }
}
