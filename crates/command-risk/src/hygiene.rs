//! Characters that deceive the reader of a command, found before it is parsed.

use countersign_domain::assessment::Span;

use crate::analysis::Effect;
use crate::render::{deceiving_letter, foreign_words, is_deceptive};

/// What a reader would not see as it is, with its place.
pub(crate) fn effects(text: &str) -> Vec<Effect> {
    let mut out = Vec::new();
    if text.trim().is_empty() {
        let span = Span { start: 0, end: text.len() };
        out.push(Effect { kind: "text.empty", object: String::new(), span });
    }
    if text.is_ascii() && !text.bytes().any(|b| b < 0x20 && b != b'\n' && b != b'\t' || b == 0x7f) {
        return out;
    }
    let mut previous = ' ';
    for (at, c) in text.char_indices() {
        let span = Span { start: at, end: at + c.len_utf8() };
        if let Some(kind) = kind_of(c, previous, text.get(span.end..).unwrap_or_default()) {
            push(&mut out, kind, c, span);
        }
        previous = c;
    }
    if text.is_ascii() {
        return out;
    }
    for (start, word) in foreign_words(text) {
        if let Some(c) = deceiving_letter(word) {
            push(&mut out, "text.confusable", c, Span { start, end: start + word.len() });
        }
    }
    out
}

fn push(out: &mut Vec<Effect>, kind: &'static str, c: char, span: Span) {
    if out.iter().filter(|e| e.kind == kind).count() < 8 {
        out.push(Effect { kind, object: format!("U+{:04X}", u32::from(c)), span });
    }
}

#[expect(clippy::match_same_arms, reason = "the arms differ in meaning")]
fn kind_of(c: char, previous: char, rest: &str) -> Option<&'static str> {
    match c {
        '\n' | '\t' => None,
        '\r' if rest.starts_with('\n') => None,
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' | '\u{61c}' => {
            Some("text.bidi")
        }
        // Emoji are joined and varied by invisible characters.
        '\u{200d}' | '\u{fe0e}' | '\u{fe0f}' if is_pictograph(previous) => None,
        '\u{200c}' | '\u{200d}' if is_joining_script(previous) => None,
        '\u{e0020}'..='\u{e007f}' if is_pictograph(previous) => None,
        '\u{2009}' | '\u{202f}' | '\u{3000}' | '\u{a0}'
            if is_joining_script(previous) || previous.is_numeric() =>
        {
            None
        }
        // What invalid bytes were read as; what they were, nobody sees.
        char::REPLACEMENT_CHARACTER => Some("text.replacement"),
        _ if c.is_control() => Some("text.control"),
        _ if is_deceptive(c) => Some("text.invisible"),
        _ => None,
    }
}

fn is_pictograph(c: char) -> bool {
    matches!(c, '\u{203c}'..='\u{3299}' | '\u{1f000}'..='\u{1faff}' | '\u{fe0f}' | '#' | '*' | '0'..='9' | '©' | '®')
}

/// Scripts that need joiners or wide spaces: Arabic, Indic, and East Asian ones.
fn is_joining_script(c: char) -> bool {
    matches!(c, '\u{590}'..='\u{109f}' | '\u{1780}'..='\u{18af}' | '\u{3001}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}' | '\u{ff01}'..='\u{ff9f}')
}
