//! Decoders applied to literals, worked out before calls are looked at.
//!
//! `Buffer.from('…', 'hex').toString()`, `pack("H*", …)`, `chr(114) + chr(109)`, `'…'[::-1]`,
//! `''.join([…])`: what a constant hides is that constant. Anything else stays as it stands.

mod brackets;
mod codecs;
mod functions;
mod lists;
mod methods;

use super::lex::{self, Token};
use crate::interpret::decode;
use brackets::{bracketed, grouped, opening};
use codecs::unpacked;
use functions::called;
use methods::{bare, method_of};

/// Longer lists, and longer texts, are not worked out.
const MAX_ITEMS: usize = 256;

const MAX_TEXT: usize = 1 << 13;

/// Replaces each decoder of literals by what it yields.
pub(super) fn fold_decoders(list: &mut Vec<Token>, language: &str) {
    if !list.iter().any(decodes) {
        return;
    }
    let mut out: Vec<Token> = Vec::with_capacity(list.len());
    for token in list.drain(..) {
        let closes = matches!(token, Token::Mark(')' | ']' | '}'));
        lex::merge(&mut out, token, language);
        // What is open can only be done when it closes; each step shortens the list.
        let mut steps = 0;
        while (closes || ends_bare(&out)) && steps < 8 && step(&mut out, language) {
            steps += 1;
        }
    }
    *list = out;
}

/// Whether a token may belong to a decoder at all.
fn decodes(token: &Token) -> bool {
    let Token::Name(name) = token else {
        return matches!(token, Token::Mark('%' | '['));
    };
    let last = last_of(name).to_ascii_lowercase();
    DECODERS.iter().any(|part| last.contains(part))
}

/// Parts of the names that decoders have.
const DECODERS: &[&str] = &[
    "decode", "atob", "hex", "rev", "rot13", "pack", "chr", "char", "from", "bytes", "join",
    "implode", "replace", "gsub", "tr", "format", "tostring", "string", "map",
];

/// A method without parentheses: `"…".reverse`, `.hex`.
fn ends_bare(out: &[Token]) -> bool {
    matches!(out.last(), Some(Token::Name(name)) if name.starts_with('.'))
        || matches!(out, [.., Token::Name(word), Token::Text(_)] if matches!(word.as_str(), "reverse" | "decode_base64"))
        || matches!(out, [.., Token::Name(word), _, Token::Mark(','), Token::Text(_)] if word == "pack")
}

/// One replacement at the end of what was read; false when there is none.
fn step(out: &mut Vec<Token>, language: &str) -> bool {
    let Some((length, text)) = applied(out, language) else {
        return false;
    };
    if text.len() > MAX_TEXT {
        return false;
    }
    out.truncate(out.len() - length);
    lex::merge(out, Token::Text(text), language);
    true
}

/// What the end of a list yields, and how many tokens it takes.
fn applied(out: &[Token], language: &str) -> Option<(usize, String)> {
    if let [.., Token::Text(text), Token::Name(method)] = out
        && let Some(name) = method.strip_prefix('.')
        && matches!(language, "ruby" | "perl" | "node")
    {
        return bare(name, text, language).map(|text| (2, text));
    }
    if let [.., Token::Name(name), Token::Text(text)] = out
        && let ("reverse", "perl", [.., Token::Name(scalar), _, _]) = (name.as_str(), language, out)
        && scalar == "scalar"
    {
        return Some((3, text.chars().rev().collect()));
    }
    if let [.., Token::Name(name), Token::Text(text)] = out
        && name == "decode_base64"
    {
        return decode::base(text, 6).map(|text| (2, text));
    }
    if let [.., Token::Name(name), Token::Text(form), Token::Mark(','), Token::Text(text)] = out
        && name == "pack"
    {
        return unpacked(form, text).map(|text| (4, text));
    }
    let open = opening(out)?;
    let inside = out.get(open + 1..out.len() - 1)?;
    let whole = out.len() - open;
    match out.get(open)? {
        Token::Mark('[') => bracketed(out, open, inside),
        Token::Mark('{') | Token::Name(_) | Token::Text(_) | Token::Mixed(_) | Token::Number(_) => {
            None
        }
        Token::Mark(_) => {
            let Some(Token::Name(name)) = open.checked_sub(1).and_then(|at| out.get(at)) else {
                return grouped(out, open, inside).map(|(extra, text)| (whole + extra, text));
            };
            if let [.., Token::Text(text), Token::Mark(':'), Token::Name(method)] =
                out.get(..open)?
                && method == "reverse"
                && language == "lua"
            {
                return Some((whole + 3, text.chars().rev().collect()));
            }
            if let Some(method) = name.strip_prefix('.') {
                let (taken, text) = method_of(out.get(..open - 1)?, method, inside, language)?;
                return Some((whole + 1 + taken, text));
            }
            called(name, inside, language).map(|text| (whole + 1, text))
        }
    }
}

/// The last part of a dotted name.
fn last_of(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}
