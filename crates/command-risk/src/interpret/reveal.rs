//! What would run and is not written where a reader would look for it: decoded and assembled code.

use countersign_domain::assessment::Span;

use super::value::UNKNOWN;
use super::{Machine, decode};
use crate::analysis::{CommandView, Reveal, Revealed, UNKNOWN_WORD};

/// How many pieces of hidden code are shown.
const MOST: usize = 8;
/// How many commands are looked for in the text.
const MOST_COMMANDS: usize = 64;
/// How many steps into a command its whole text is still looked through.
const WHOLE_TEXT_SEARCHES: u32 = 64;
/// Shorter words are not taken for encoded texts.
const MIN_ENCODED: usize = 12;

impl Machine<'_> {
    /// Keeps `code`, which would run, if it does not stand in the command that makes it run.
    pub(crate) fn reveal(&mut self, code: &str) {
        let code = code.trim();
        if code.is_empty() || code.chars().all(|c| c == UNKNOWN) || self.revealed.len() >= MOST {
            return;
        }
        let span = self.nested_span.unwrap_or(self.span);
        // A here-document stands behind the command that it belongs to. Looking through the whole
        // text for each of many scripts would not be linear.
        let nearby = Some(self.source).filter(|_| self.steps < WHOLE_TEXT_SEARCHES);
        let place = || self.source.get(span.start..span.end);
        let source = nearby.or_else(place).unwrap_or_default();
        let is_readable =
            source.contains(code) || self.revealed.iter().any(|known| known.text.contains(code));
        if !is_readable {
            let text = code.replace(UNKNOWN, "\u{fffd}");
            self.revealed.push(Revealed { how: Reveal::Decoded, text, span });
        }
    }

    /// Keeps what texts in the command decode to, where code runs that could not be followed: the
    /// reader sees at least what is probably in it.
    pub(crate) fn reveal_literals(&mut self) {
        let unclear = |kind: &str| kind.starts_with("unresolved.") || kind.starts_with("code.");
        if !self.revealed.is_empty() || !self.effects.iter().any(|effect| unclear(effect.kind)) {
            return;
        }
        let source = self.source;
        let letter = |c: char| c.is_ascii_alphanumeric() || "+/=_-".contains(c);
        for word in source.split(|c| !letter(c)).filter(|word| word.len() >= MIN_ENCODED) {
            if self.revealed.len() >= MOST {
                return;
            }
            let start = word.as_ptr().addr() - source.as_ptr().addr();
            let span = Span { start, end: start + word.len() };
            if let Some(text) = decoded_text(word) {
                self.revealed.push(Revealed { how: Reveal::Decoded, text, span });
            }
        }
    }

    /// Keeps the commands that ask for a person and whose words are not written in the text.
    pub(crate) fn reveal_commands(&mut self) {
        let asking = self.commands.iter().filter(|view| !view.harmless);
        for view in asking.take(MOST_COMMANDS) {
            if self.revealed.len() >= MOST {
                return;
            }
            if self.source.contains(&view.words) {
                continue;
            }
            let source = self.source.get(view.span.start..view.span.end).unwrap_or_default();
            let is_readable = |text: &str| has_words(text, view);
            if !is_readable(source) && !self.revealed.iter().any(|known| is_readable(&known.text)) {
                let (text, span) = (view.words.clone(), view.span);
                self.revealed.push(Revealed { how: Reveal::Resolved, text, span });
            }
        }
    }
}

/// What an encoded word says, if that is a text with words in it.
fn decoded_text(word: &str) -> Option<String> {
    let is_text = |text: &String| {
        let readable = |c: char| c.is_ascii_graphic() || matches!(c, ' ' | '\n' | '\t');
        text.len() >= 6 && text.contains([' ', '/']) && text.chars().all(readable)
    };
    let hex = Some(word)
        .filter(|w| w.len().is_multiple_of(2) && w.bytes().all(|b| b.is_ascii_hexdigit()));
    hex.and_then(decode::hex)
        .filter(is_text)
        .or_else(|| decode::utf16_base64(word).filter(is_text))
        .map(|text| text.trim().to_owned())
}

/// Whether the program of `view` stands in `text` as a word of its own, and its other words as they
/// are.
fn has_words(text: &str, view: &CommandView) -> bool {
    let mut words = view.words.split_whitespace();
    let program = words.next().unwrap_or_default();
    is_word_of(text, program)
        && words.all(|word| word.split(UNKNOWN_WORD).all(|part| text.contains(part)))
}

fn is_word_of(text: &str, word: &str) -> bool {
    let part_of_word = |c: char| c.is_alphanumeric() || c == '_';
    word.is_empty()
        || word.contains(UNKNOWN_WORD)
        || text.match_indices(word).any(|(at, _)| {
            let (before, after) = (text.get(..at), text.get(at + word.len()..));
            !before.is_some_and(|t| t.ends_with(part_of_word))
                && !after.is_some_and(|t| t.starts_with(part_of_word))
        })
}
