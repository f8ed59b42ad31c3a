//! Decoders applied to literals, worked out before calls are looked at.
//!
//! `Buffer.from('…', 'hex').toString()`, `pack("H*", …)`, `chr(114) + chr(109)`, `'…'[::-1]`,
//! `''.join([…])`: what a constant hides is that constant. Anything else stays as it stands.

use super::lex::{self, Token};
use crate::interpret::decode;

/// Longer lists, and longer texts, are not worked out.
const MAX_ITEMS: usize = 256;
/// Brackets further apart than this many tokens are not looked into.
const MAX_SPAN: usize = 400;
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

/// Where the bracket that closes at the end was opened.
fn opening(out: &[Token]) -> Option<usize> {
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
fn grouped(out: &[Token], open: usize, inside: &[Token]) -> Option<(usize, String)> {
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
fn bracketed(out: &[Token], open: usize, inside: &[Token]) -> Option<(usize, String)> {
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

/// A method that takes nothing and is written without parentheses.
fn bare(name: &str, text: &str, language: &str) -> Option<String> {
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
fn method_of(
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

/// A function of literals.
#[expect(
    clippy::too_many_lines,
    reason = "a list of cases read from top to bottom; splitting it would hide the order"
)]
fn called(name: &str, inside: &[Token], language: &str) -> Option<String> {
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

/// What `join` makes of literals, of numbers that are characters, or of both.
fn joined(between: &str, items: &[Token]) -> Option<String> {
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
fn spelled(items: &[Token]) -> Option<String> {
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
fn texts(items: &[Token]) -> Option<Vec<&str>> {
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

/// A form with its places filled.
fn filled(form: &str, place: &str, texts: &[&str]) -> Option<String> {
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
fn unpacked(form: &str, text: &str) -> Option<String> {
    match form.chars().next()? {
        'H' => decode::hex(text),
        'A' | 'a' => Some(text.to_owned()),
        _ => None,
    }
}

/// What `unpack` makes of one text: `m` is base64.
fn unpacked_by(form: &str, text: &str) -> Option<String> {
    match form.chars().next()? {
        'm' => decode::base(text, 6),
        'A' | 'a' => Some(text.to_owned()),
        _ => None,
    }
}

fn rot13(text: &str) -> Option<String> {
    decode::translate(&["A-Za-z", "N-ZA-Mn-za-m"], text)
}

fn swapped(text: &str) -> String {
    text.chars()
        .map(
            |c| {
                if c.is_ascii_uppercase() { c.to_ascii_lowercase() } else { c.to_ascii_uppercase() }
            },
        )
        .collect()
}

/// `%2f` and its like.
fn percent(text: &str) -> Option<String> {
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

/// The last part of a dotted name.
fn last_of(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}
