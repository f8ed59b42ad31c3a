//! Replies: the gateway's own words, and what others have said, made inert for the place.

use countersign_command_risk::render::{Fit, Surface, block, inline, label};
use countersign_domain::display::inert;

/// What somebody is told.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Reply(Vec<Part>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Own(String),
    Foreign(String),
    Block(String),
    Rendered(String),
}

impl Reply {
    /// The gateway's own words.
    pub(super) fn own(words: impl Into<String>) -> Self {
        Self(vec![Part::Own(words.into())])
    }

    /// The same and more of the gateway's words.
    #[must_use]
    pub(super) fn and(mut self, words: impl Into<String>) -> Self {
        self.0.push(Part::Own(words.into()));
        self
    }

    /// The same and something that an agent or a person wrote.
    #[must_use]
    pub(super) fn quoting(mut self, text: impl Into<String>) -> Self {
        self.0.push(Part::Foreign(text.into()));
        self
    }

    /// Something of several lines that a program wrote, apart from everything else.
    pub(super) fn block(text: impl Into<String>) -> Self {
        Self(vec![Part::Block(text.into())])
    }

    /// Something that is made for the place already.
    pub(super) fn rendered(text: impl Into<String>) -> Self {
        Self(vec![Part::Rendered(text.into())])
    }

    /// The same and another reply.
    #[must_use]
    pub(super) fn joined(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// The text to send.
    pub(super) fn render(&self, surface: Surface) -> String {
        let part = |part: &Part| match part {
            Part::Own(words) => label(&inert(words), surface),
            Part::Foreign(text) => inline(text, surface, Fit::WHOLE).text,
            Part::Block(text) => block(text, surface, Fit::WHOLE).text,
            Part::Rendered(text) => text.clone(),
        };
        self.0.iter().map(part).collect()
    }
}

/// `text` in pieces of at most `longest` UTF-16 units, cut between lines where there are any.
pub(super) fn pieces(text: &str, longest: usize) -> Vec<String> {
    let mut pieces = Vec::new();
    let mut piece = String::new();
    let mut length = 0;
    for line in text.split_inclusive('\n') {
        let units = line.encode_utf16().count();
        if length + units > longest && !piece.is_empty() {
            pieces.push(std::mem::take(&mut piece));
            length = 0;
        }
        for letter in line.chars() {
            if length + letter.len_utf16() > longest && !piece.is_empty() {
                pieces.push(std::mem::take(&mut piece));
                length = 0;
            }
            piece.push(letter);
            length += letter.len_utf16();
        }
    }
    if !piece.is_empty() {
        pieces.push(piece);
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_cut_between_lines_and_loses_nothing() {
        let text = "one\ntwo\nthree four five\n🙂🙂🙂";
        for longest in 2..30 {
            let pieces = pieces(text, longest);
            assert_eq!(pieces.concat(), text);
            assert!(pieces.iter().all(|piece| piece.encode_utf16().count() <= longest));
        }
        assert_eq!(pieces(text, 8), ["one\ntwo\n", "three fo", "ur five\n", "🙂🙂🙂"]);
    }

    #[test]
    fn what_others_wrote_takes_no_effect() {
        let reply = Reply::own("Title: ").quoting("@all *x*\u{202e}");
        let text = reply.render(Surface::Mattermost);
        assert!(text.contains('`') && text.contains("⟨U+202E⟩"), "{text}");
    }
}
