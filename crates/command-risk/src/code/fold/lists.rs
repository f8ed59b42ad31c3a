//! Lists of literals, and letters by their numbers.

use super::{MAX_ITEMS, last_of};
use crate::code::lex::Token;

/// What `join` makes of literals, of numbers that are characters, or of both.
pub(super) fn joined(between: &str, items: &[Token]) -> Option<String> {
    let items = match items {
        [Token::Mark('[' | '('), inner @ .., Token::Mark(']' | ')')] => inner,
        all => all,
    };
    if let Some(texts) = texts(items) {
        return Some(texts.join(between));
    }
    // `map(chr, […])`, `chr(x) for x in […]`, `map {chr} (…)`: letters by their numbers.
    let by_number = items.iter().any(|token| {
        matches!(token, Token::Name(name) if matches!(last_of(name), "chr" | "fromCharCode"))
            || matches!(token, Token::Text(name) if name == "chr")
    });
    if !by_number || !between.is_empty() {
        return None;
    }
    let known = items.iter().all(|token| match token {
        Token::Name(name) => {
            name.len() <= 2
                || matches!(
                    last_of(name),
                    "chr" | "map" | "for" | "in" | "array_map" | "fromCharCode"
                )
        }
        Token::Text(name) => name == "chr",
        Token::Number(value) => value.is_some(),
        Token::Mark(c) => matches!(c, '(' | ')' | '[' | ']' | '{' | '}' | ','),
        Token::Mixed(_) => false,
    });
    if !known {
        return None;
    }
    letters(items)
}

/// Numbers as letters, with commas between them.
pub(super) fn spelled(items: &[Token]) -> Option<String> {
    let plain = items
        .iter()
        .all(|t| matches!(t, Token::Number(Some(_)) | Token::Mark(',' | '[' | ']' | '(' | ')')));
    if plain { letters(items) } else { None }
}

fn letters(items: &[Token]) -> Option<String> {
    let text: String = items
        .iter()
        .filter_map(|t| if let Token::Number(Some(value)) = t { Some(*value) } else { None })
        .take(MAX_ITEMS)
        .map(char::from_u32)
        .collect::<Option<String>>()?;
    (!text.is_empty()).then_some(text)
}

/// Literals with commas between them; none if there is anything else.
pub(super) fn texts(items: &[Token]) -> Option<Vec<&str>> {
    let mut out = Vec::new();
    for token in items {
        match token {
            Token::Text(text) => out.push(text.as_str()),
            Token::Mark(',') => {}
            Token::Mark(_) | Token::Name(_) | Token::Mixed(_) | Token::Number(_) => return None,
        }
    }
    (!out.is_empty() && out.len() <= MAX_ITEMS).then_some(out)
}
