//! Fitting a text into a limit: head, tail and the dangerous parts stay, and what is left out is
//! counted.

use std::ops::Range;

use countersign_domain::assessment::Span;
use countersign_domain::digest::Digest;

use super::visible::{Piece, grouped};

/// Room for one short note about a gap.
const GAP: usize = 48;
/// How much is shown before and behind a dangerous part, which may be one word of a command.
const BEFORE: usize = 40;
const BEHIND: usize = 16;

/// A text cut up, with what each part costs.
pub(super) struct Cut<'t> {
    pub(super) text: &'t str,
    pub(super) pieces: &'t [Piece],
    /// UTF-16 units of each piece as it is sent.
    pub(super) costs: &'t [usize],
}

/// What is shown: pieces, and the notes between them.
pub(super) enum Part {
    Pieces(Range<usize>),
    Gap(String),
}

impl Cut<'_> {
    /// All of it where it fits, else what matters most of it.
    pub(super) fn fit(&self, room: Option<usize>, keep: &[Span]) -> (Vec<Part>, usize) {
        let all = 0..self.pieces.len();
        let Some(room) = room.filter(|room| self.cost(&all) > *room) else {
            return (vec![Part::Pieces(all)], 0);
        };
        let mut chosen = Chosen { cut: self, left: room, parts: Vec::new() };
        let whole = self.whole_note(self.text.chars().count());
        chosen.left = chosen.left.saturating_sub(units(&whole));
        chosen.choose(room, keep);
        self.parts(&chosen.parts, room)
    }

    fn cost(&self, range: &Range<usize>) -> usize {
        self.costs.get(range.clone()).unwrap_or_default().iter().sum()
    }

    /// The longest range from `at` on that costs no more than `budget`.
    fn forward(&self, at: usize, budget: usize) -> Range<usize> {
        let costs = self.costs.get(at..).unwrap_or_default().iter();
        at..at + within(costs, budget)
    }

    /// The longest range up to `end` that costs no more than `budget`.
    fn backward(&self, end: usize, budget: usize) -> Range<usize> {
        let costs = self.costs.get(..end).unwrap_or_default().iter().rev();
        end - within(costs, budget)..end
    }

    /// The pieces of a span.
    fn range(&self, span: Span) -> Range<usize> {
        let start = self.pieces.partition_point(|piece| piece.end <= span.start);
        let end = self.pieces.partition_point(|piece| piece.start < span.end);
        start..end.max(start)
    }

    fn parts(&self, chosen: &[Range<usize>], room: usize) -> (Vec<Part>, usize) {
        let mut parts = Vec::new();
        let mut missing = 0;
        let mut at = 0;
        let end = self.pieces.len();
        for range in chosen.iter().cloned().chain(std::iter::once(end..end)) {
            if range.start > at {
                let count = self.characters(at..range.start);
                let first = missing == 0;
                missing += count;
                let note = if first { self.whole_note(count) } else { gap_note(count) };
                parts.push(Part::Gap(note));
            }
            at = range.end;
            parts.push(Part::Pieces(range));
        }
        if chosen.is_empty() && units(&self.whole_note(missing)) + 8 > room {
            let short = if room > 2 { "⟨…⟩" } else { "" };
            return (vec![Part::Gap(short.to_owned())], missing);
        }
        (parts, missing)
    }

    fn characters(&self, range: Range<usize>) -> usize {
        let pieces = self.pieces.get(range).unwrap_or_default();
        let (first, last) = (pieces.first(), pieces.last());
        let bytes = first.map_or(0, |piece| piece.start)..last.map_or(0, |piece| piece.end);
        self.text.get(bytes).map_or(0, |text| text.chars().count())
    }

    /// The first note says what the whole is: its length and its hash.
    fn whole_note(&self, count: usize) -> String {
        format!(
            "⟨… {} characters not shown … of {}, SHA-256 {}⟩",
            grouped(count),
            grouped(self.text.chars().count()),
            Digest::of(self.text.as_bytes()).short(),
        )
    }
}

/// Ranges of pieces, in order and apart.
struct Chosen<'c, 't> {
    cut: &'c Cut<'t>,
    left: usize,
    parts: Vec<Range<usize>>,
}

impl Chosen<'_, '_> {
    /// A quarter each for head and tail, the rest for the dangerous parts; what they leave makes
    /// head and tail longer.
    fn choose(&mut self, room: usize, keep: &[Span]) {
        let end = self.cut.pieces.len();
        let quarter = (room / 4).min(self.left / 2);
        self.add(self.cut.backward(end, quarter));
        self.add(self.cut.forward(0, quarter));
        for (at, span) in keep.iter().enumerate() {
            let range = self.cut.range(*span);
            let budget = self.left.saturating_sub(2 * GAP) / (keep.len() - at);
            let start = self.cut.backward(range.start, BEFORE).start;
            let around = start..self.cut.forward(range.end, BEHIND).end;
            if self.cut.cost(&around) <= budget {
                self.add(around);
            } else if self.cut.cost(&range) <= budget {
                self.add(range);
            } else {
                self.add(clipped(&self.cut.forward(range.start, budget / 2), &range));
                self.add(clipped(&self.cut.backward(range.end, budget / 2), &range));
            }
        }
        let tail = self.parts.last().map_or(end, |range| range.start);
        self.add(self.cut.backward(tail, self.left / 2));
        let head = self.parts.first().map_or(0, |range| range.end);
        self.add(self.cut.forward(head, self.left));
    }

    /// Adds what is new in `range`, if there is room for it and for a note beside it.
    fn add(&mut self, range: Range<usize>) {
        let known: usize =
            self.parts.iter().map(|part| self.cut.cost(&clipped(part, &range))).sum();
        let touches =
            self.parts.iter().any(|part| part.start <= range.end && range.start <= part.end);
        let note = if touches { 0 } else { GAP };
        let cost = (self.cut.cost(&range) - known) + note;
        if range.is_empty() || cost > self.left {
            return;
        }
        self.left -= cost;
        self.parts.push(range);
        self.parts.sort_by_key(|part| part.start);
        let mut merged: Vec<Range<usize>> = Vec::new();
        for part in self.parts.drain(..) {
            match merged.last_mut() {
                Some(last) if part.start <= last.end => last.end = last.end.max(part.end),
                _ => merged.push(part),
            }
        }
        self.parts = merged;
    }
}

fn clipped(range: &Range<usize>, to: &Range<usize>) -> Range<usize> {
    let start = range.start.max(to.start);
    start..range.end.min(to.end).max(start)
}

fn within<'c>(costs: impl Iterator<Item = &'c usize>, budget: usize) -> usize {
    let mut used = 0;
    costs
        .take_while(|cost| {
            used += **cost;
            used <= budget
        })
        .count()
}

fn gap_note(count: usize) -> String {
    format!("⟨… {} characters not shown …⟩", grouped(count))
}

fn units(text: &str) -> usize {
    text.encode_utf16().count()
}
