//! A text with its secrets masked, and where its parts have gone.

use std::ops::Range;

use super::Kind;
use super::own::MARK;
use crate::assessment::Span;

/// A text with its secrets masked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Masked {
    /// What may be shown.
    pub text: String,
    cuts: Vec<Cut>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Cut {
    original: Range<usize>,
    shown: Range<usize>,
}

impl Masked {
    /// `text` without these secrets, which are in order and do not overlap.
    pub(super) fn of(text: &str, secrets: &[(Range<usize>, Kind)]) -> Self {
        let mut masked = Self { text: String::with_capacity(text.len()), cuts: Vec::new() };
        let mut rest = 0;
        for (range, kind) in secrets {
            let Some((before, secret)) = text.get(rest..range.start).zip(text.get(range.clone()))
            else {
                continue;
            };
            masked.text.push_str(before);
            let start = masked.text.len();
            masked.text.push_str(&replacement(secret, *kind));
            masked.cuts.push(Cut { original: range.clone(), shown: start..masked.text.len() });
            rest = range.end;
        }
        masked.text.push_str(text.get(rest..).unwrap_or_default());
        masked
    }

    /// Where a span of the original text is in the shown one. A span that begins or ends within a
    /// secret takes in the whole mask.
    pub fn place(&self, span: Span) -> Span {
        Span { start: self.place_edge(span.start, false), end: self.place_edge(span.end, true) }
    }

    fn place_edge(&self, at: usize, is_end: bool) -> usize {
        let mut shift = 0_isize;
        for cut in &self.cuts {
            if at <= cut.original.start {
                break;
            }
            if at < cut.original.end {
                return if is_end { cut.shown.end } else { cut.shown.start };
            }
            shift = cut.shown.end.cast_signed() - cut.original.end.cast_signed();
        }
        at.saturating_add_signed(shift)
    }

    /// How many characters of the original text the masks stand for.
    pub(super) fn hidden(&self, original: &str) -> usize {
        let secrets = self.cuts.iter().filter_map(|cut| original.get(cut.original.clone()));
        secrets.map(|secret| secret.chars().count()).sum()
    }

    /// Where a range of the shown text comes from; a mask comes from its whole secret.
    pub(super) fn origin(&self, shown: &Range<usize>) -> Range<usize> {
        self.origin_edge(shown.start, false)..self.origin_edge(shown.end, true)
    }

    fn origin_edge(&self, at: usize, is_end: bool) -> usize {
        let mut shift = 0_isize;
        for cut in &self.cuts {
            if at < cut.shown.start || (is_end && at == cut.shown.start) {
                break;
            }
            if at < cut.shown.end {
                return if is_end { cut.original.end } else { cut.original.start };
            }
            shift = cut.original.end.cast_signed() - cut.shown.end.cast_signed();
        }
        at.saturating_add_signed(shift)
    }
}

fn replacement(secret: &str, kind: Kind) -> String {
    let length = secret.chars().count();
    match kind {
        Kind::Own => format!("{MARK}…({length})"),
        Kind::Place => format!("…({length})"),
        Kind::Format(shown) => {
            let head: String = secret.chars().take(shown).collect();
            format!("{head}…({length})")
        }
    }
}
