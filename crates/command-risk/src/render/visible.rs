//! Characters that hide or deceive, written out so that people see them.
//!
//! Whatever stands in `⟨…⟩` is the gateway's: the brackets of a text are written out themselves, so
//! no text can look as if the gateway had said something about it.

use countersign_domain::display::is_deceptive;

use super::confusable::{
    deceiving_letter, foreign_words, is_confusable, is_confusable_sign, is_dash,
};
use super::marks::{is_combining, is_overlay};

/// From this many on, blanks are counted and not shown.
const MANY_BLANKS: usize = 24;
/// From this many on, line breaks are counted and not shown.
const MANY_LINE_BREAKS: usize = 6;
/// How many combining marks a letter may carry, and how often one escape is repeated.
const MANY_MARKS: usize = 3;

/// The text with every hidden character written as `⟨U+202E⟩`; line breaks and tabs stay.
pub fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for piece in pieces(text, Lines::Kept) {
        out.push_str(&piece.sign.text());
    }
    out
}

/// What becomes of line breaks and tabs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lines {
    /// They stay.
    Kept,
    /// They are written out: all of the text stands on one line.
    Joined,
}

/// How one part of a text is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Sign {
    /// As it is.
    Plain(char),
    /// A letter with its marks, or with what is said of it.
    Cluster(Box<str>),
    /// By what the gateway says of it, in `⟨…⟩`.
    Note(Box<str>),
}

impl Sign {
    /// What says that `c` stands here.
    pub(super) fn code(c: char) -> Self {
        Self::Note(code(c).into())
    }

    pub(super) fn text(&self) -> String {
        match self {
            Self::Plain(c) => c.to_string(),
            Self::Cluster(text) | Self::Note(text) => text.to_string(),
        }
    }
}

/// A part of a text that is shown whole or not at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) sign: Sign,
    /// First byte in the text.
    pub(super) start: usize,
    /// One past the last byte.
    pub(super) end: usize,
}

impl Piece {
    pub(super) fn is(&self, c: char) -> bool {
        self.sign == Sign::Plain(c)
    }
}

/// The parts of `text`, in order.
pub(super) fn pieces(text: &str, lines: Lines) -> Vec<Piece> {
    let mut words = foreign_words(text).filter(|(_, word)| deceiving_letter(word).is_some());
    let mut deceiving = words.next();
    let mut writer = Writer { out: Vec::with_capacity(text.len()), at: 0, lines };
    let mut before = ' ';
    loop {
        let rest = text.get(writer.at..).unwrap_or_default();
        let Some(c) = rest.chars().next() else {
            return writer.out;
        };
        while deceiving.is_some_and(|(start, word)| start + word.len() <= writer.at) {
            deceiving = words.next();
        }
        let in_word = deceiving.is_some_and(|(start, _)| start <= writer.at);
        let at = writer.at;
        writer.next(c, rest, in_word, before);
        before = text.get(at..writer.at).and_then(|t| t.chars().next_back()).unwrap_or(' ');
    }
}

struct Writer {
    out: Vec<Piece>,
    at: usize,
    lines: Lines,
}

impl Writer {
    /// Writes the part that `rest` begins with; `before` is the character before it.
    fn next(&mut self, c: char, rest: &str, in_word: bool, before: char) {
        let run = || rest.chars().take_while(|&other| other == c).count();
        match c {
            '\n' => self.line_breaks(run()),
            ' ' | '\t' => self.blanks(rest),
            '⟨' | '⟩' => self.note(&code(c), c.len_utf8()),
            _ if is_deceptive(c) || is_overlay(c) => self.escaped(c, run()),
            _ if is_combining(c) => self.combining(rest),
            _ if (in_word && is_confusable(c)) || is_operator_twin(c, before, rest) => {
                self.push(Sign::Cluster(format!("{c}{}", code(c)).into()), c.len_utf8());
            }
            _ => self.push(Sign::Plain(c), c.len_utf8()),
        }
    }

    fn push(&mut self, sign: Sign, length: usize) {
        let start = self.at;
        self.at += length;
        self.out.push(Piece { sign, start, end: self.at });
    }

    fn note(&mut self, text: &str, length: usize) {
        self.push(Sign::Note(text.into()), length);
    }

    fn line_breaks(&mut self, count: usize) {
        match self.lines {
            Lines::Kept if count >= MANY_LINE_BREAKS => {
                self.push(Sign::Plain('\n'), 1);
                self.note(&format!("⟨{} line breaks⟩", grouped(count)), count - 2);
                self.push(Sign::Plain('\n'), 1);
            }
            Lines::Kept => (0..count).for_each(|_| self.push(Sign::Plain('\n'), 1)),
            Lines::Joined => self.escaped('\n', count),
        }
    }

    /// Blanks, counted where there are many. Those that end a line are said to be there.
    fn blanks(&mut self, rest: &str) {
        let run = rest.split(|c| c != ' ' && c != '\t').next().unwrap_or_default();
        if run.len() >= MANY_BLANKS {
            let tabs = run.bytes().filter(|b| *b == b'\t').count();
            let what = match tabs {
                0 => "blanks",
                tabs if tabs == run.len() => "tabs",
                _ => "blanks and tabs",
            };
            self.note(&format!("⟨{} {what}⟩", grouped(run.len())), run.len());
            return;
        }
        for c in run.chars() {
            if c == '\t' && self.lines == Lines::Joined {
                self.note(&code(c), 1);
            } else {
                self.push(Sign::Plain(c), 1);
            }
        }
        let after = rest.get(run.len()..).unwrap_or_default();
        if after.is_empty() || after.starts_with(['\n', '\r']) {
            self.note("⟨end⟩", 0);
        }
    }

    /// A run of one hidden character.
    fn escaped(&mut self, c: char, count: usize) {
        if count <= MANY_MARKS {
            (0..count).for_each(|_| self.note(&code(c), c.len_utf8()));
        } else {
            let text = format!("⟨U+{:04X} ×{}⟩", u32::from(c), grouped(count));
            self.note(&text, count * c.len_utf8());
        }
    }

    /// Marks over and under a letter: a few stay with it, more are counted.
    fn combining(&mut self, rest: &str) {
        let stacked = |c: &char| is_combining(*c) && !is_overlay(*c) && !is_deceptive(*c);
        let marks = || rest.chars().take_while(stacked);
        let kept: String = marks().take(MANY_MARKS).collect();
        let base = self.out.pop_if(
            |piece| matches!(piece.sign, Sign::Plain(c) if !c.is_whitespace() && !c.is_ascii_punctuation()),
        );
        if let Some(base) = base {
            let text = base.sign.text() + &kept;
            self.at = base.start;
            self.push(Sign::Cluster(text.into()), base.end - base.start + kept.len());
        } else {
            kept.chars().for_each(|mark| self.note(&code(mark), mark.len_utf8()));
        }
        let (count, length) = marks()
            .skip(MANY_MARKS)
            .fold((0, 0), |(count, length), mark| (count + 1, length + mark.len_utf8()));
        if count > 0 {
            self.note(&format!("⟨{} more combining marks⟩", grouped(count)), length);
        }
    }
}

/// Whether `c`, the first of `rest`, stands where a shell's own sign would stand.
fn is_operator_twin(c: char, before: char, rest: &str) -> bool {
    let near = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '.' | '$' | '-' | '_');
    let mut after = rest.chars().skip(1);
    if is_dash(c) {
        return near(before) || after.next().is_some_and(near);
    }
    is_confusable_sign(c) && (near(before) || after.find(|c| *c != ' ').is_some_and(near))
}

fn code(c: char) -> String {
    format!("⟨U+{:04X}⟩", u32::from(c))
}

/// A number with a comma before every third digit.
pub(super) fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}
