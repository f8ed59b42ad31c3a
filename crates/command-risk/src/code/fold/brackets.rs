//! Brackets around literals: groups, forms that are filled, texts read backwards.

use super::codecs::filled;
use super::lists::texts;
use crate::code::lex::Token;

/// Brackets further apart than this many tokens are not looked into.
const MAX_SPAN: usize = 400;

/// Where the bracket that closes at the end was opened.
pub(super) fn opening(out: &[Token]) -> Option<usize> {
    let (close, rest) = out.split_last()?;
    let (open, close) = match close {
        Token::Mark(')') => ('(', ')'),
        Token::Mark(']') => ('[', ']'),
        Token::Mark('}') => ('{', '}'),
        Token::Mark(_) | Token::Name(_) | Token::Text(_) | Token::Mixed(_) | Token::Number(_) => {
            return None;
        }
    };
    let mut depth = 0_u32;
    for (at, token) in rest.iter().enumerate().rev().take(MAX_SPAN) {
        match token {
            Token::Mark(c) if *c == close => depth += 1,
            Token::Mark(c) if *c == open && depth == 0 => return Some(at),
            Token::Mark(c) if *c == open => depth -= 1,
            Token::Mark(_)
            | Token::Name(_)
            | Token::Text(_)
            | Token::Mixed(_)
            | Token::Number(_) => {}
        }
    }
    None
}

/// `('…')` of its own, and `'…' % ('…', …)`.
pub(super) fn grouped(out: &[Token], open: usize, inside: &[Token]) -> Option<(usize, String)> {
    if let [.., Token::Text(form), Token::Mark('%')] = out.get(..open)? {
        return filled(form, "%s", &texts(inside)?).map(|text| (2, text));
    }
    let free = !matches!(
        open.checked_sub(1).and_then(|at| out.get(at)),
        Some(Token::Name(_) | Token::Mark(')' | ']') | Token::Text(_))
    );
    match inside {
        [Token::Text(text)] if free => Some((0, text.clone())),
        _ => None,
    }
}

/// `'…'[::-1]`, and the first of what `unpack` gives.
pub(super) fn bracketed(out: &[Token], open: usize, inside: &[Token]) -> Option<(usize, String)> {
    let Some(Token::Text(text)) = open.checked_sub(1).and_then(|at| out.get(at)) else {
        return None;
    };
    let taken = out.len() - open + 1;
    match inside {
        [Token::Mark(':'), Token::Mark(':'), Token::Mark('-'), Token::Number(Some(1))] => {
            Some((taken, text.chars().rev().collect()))
        }
        _ => None,
    }
}
