//! Methods of literals: `'…'.join([…])`, `"…".reverse`, `.replace(…)`.

use super::brackets::opening;
use super::codecs::{filled, swapped, unpacked, unpacked_by};
use super::lists::{joined, spelled, texts};
use crate::code::lex::Token;
use crate::interpret::decode;

/// A method that takes nothing and is written without parentheses.
pub(super) fn bare(name: &str, text: &str, language: &str) -> Option<String> {
    match name {
        "reverse" if language == "ruby" => Some(text.chars().rev().collect()),
        "to_s" | "chomp" | "strip" | "freeze" | "dup" | "b" => Some(text.to_owned()),
        "downcase" => Some(text.to_lowercase()),
        "upcase" => Some(text.to_uppercase()),
        "swapcase" => Some(swapped(text)),
        _ => None,
    }
}

/// `receiver.method(inside)`, with how many tokens the receiver has.
pub(super) fn method_of(
    before: &[Token],
    method: &str,
    inside: &[Token],
    language: &str,
) -> Option<(usize, String)> {
    if matches!(before.last(), Some(Token::Mark(']' | ')')))
        && let Some(open) = opening(before)
    {
        let items = before.get(open + 1..before.len() - 1)?;
        let taken = before.len() - open;
        return match (method, inside) {
            ("join", [Token::Text(between)]) => {
                let split = before.get(..open)?;
                if let Some((extra, text)) = split_receiver(split, items) {
                    return Some((taken + extra, text));
                }
                Some((taken, texts(items)?.join(between)))
            }
            ("join", []) => Some((taken, texts(items)?.concat())),
            ("pack", [Token::Text(form)]) => match items {
                [Token::Text(text)] => unpacked(form, text).map(|text| (taken, text)),
                _ => spelled(items).map(|text| (taken, text)),
            },
            _ => None,
        };
    }
    let Some(Token::Text(text)) = before.last() else {
        return None;
    };
    let out = match (method, inside) {
        (
            "decode" | "encode" | "toString" | "trim" | "strip" | "to_s" | "toLocaleString"
            | "trimEnd" | "trimStart" | "lstrip" | "rstrip" | "valueOf" | "chomp",
            _,
        ) => text.clone(),
        ("join", items) => joined(text, items)?,
        (
            "replace" | "replaceAll" | "gsub" | "sub" | "tr",
            [Token::Text(from), Token::Mark(','), Token::Text(to)],
        ) => {
            if method == "tr" {
                decode::translate(&[from.as_str(), to.as_str()], text)?
            } else if from.is_empty() {
                return None;
            } else {
                text.replace(from.as_str(), to)
            }
        }
        ("replace" | "delete", [Token::Text(from)]) if !from.is_empty() => {
            text.replace(from.as_str(), "")
        }
        ("format", items) => filled(text, "{}", &texts(items)?)?,
        ("unpack1" | "unpack", [Token::Text(form)]) => unpacked_by(form, text)?,
        ("hex" | "fromhex", []) => decode::hex(text)?,
        ("swapcase", _) => swapped(text),
        ("lower" | "toLowerCase" | "downcase", _) => text.to_lowercase(),
        ("upper" | "toUpperCase" | "upcase", _) => text.to_uppercase(),
        ("reverse", []) if matches!(language, "ruby" | "lua") => text.chars().rev().collect(),
        _ => return None,
    };
    Some((1, out))
}

/// `'…'.split('').reverse()` before `.join('')`: what is left of it when its calls are seen.
fn split_receiver(before: &[Token], items: &[Token]) -> Option<(usize, String)> {
    match before {
        [
            ..,
            Token::Text(text),
            Token::Name(split),
            Token::Mark('('),
            Token::Text(by),
            Token::Mark(')'),
            Token::Name(reverse),
        ] if split == ".split" && reverse == ".reverse" && items.is_empty() && by.is_empty() => {
            Some((6, text.chars().rev().collect()))
        }
        _ => None,
    }
}
