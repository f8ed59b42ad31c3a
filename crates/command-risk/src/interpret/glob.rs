//! Patterns, as `${v#…}`, `${v/…}` and `case` use them.

use super::Machine;
use super::value::{UNKNOWN, Value};
use crate::parse::ast::{Part, Word};

/// More work than this is not done for one pattern.
const MAX_WORK: usize = 1 << 18;
/// How long a text with replacements may get, so that a small one does not become a large one.
const MAX_REPLACED: usize = 1 << 15;

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Char(char),
    Any,
    Many,
    /// Single characters are ranges of one.
    Class {
        negated: bool,
        ranges: Vec<(char, char)>,
    },
}

/// A pattern of which everything is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pattern(Vec<Token>);

/// Which end of a text a pattern holds on to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Start,
    Finish,
}

impl Machine<'_> {
    /// What a word means as a pattern; none where it is not known, or not followed.
    pub(super) fn pattern(&mut self, word: &Word) -> Option<Pattern> {
        let mut atoms: Vec<(char, bool)> = Vec::new();
        let mut known = true;
        for part in &word.parts {
            let (value, active) = match part {
                Part::Bare(text) => (Value::known(text.as_str()), true),
                Part::Quoted(text) => (Value::known(text.as_str()), false),
                Part::Expansion { what, quoted } => (self.expansion(what), !quoted),
            };
            known &= value.is_known();
            atoms.extend(value.text.chars().map(|c| (c, active)));
        }
        if known { Pattern::of(&atoms) } else { None }
    }
}

impl Pattern {
    fn of(atoms: &[(char, bool)]) -> Option<Self> {
        let mut tokens = Vec::new();
        let mut at = 0;
        while let Some(&(c, active)) = atoms.get(at) {
            at += 1;
            match c {
                _ if c == UNKNOWN => return None,
                '*' if active => tokens.push(Token::Many),
                '?' if active => tokens.push(Token::Any),
                '[' if active => match class(atoms, at) {
                    Class::None => tokens.push(Token::Char('[')),
                    Class::NotFollowed => return None,
                    Class::Found(token, end) => {
                        tokens.push(token);
                        at = end;
                    }
                },
                // A backslash that a variable brought along.
                '\\' if active => {
                    let (next, _) = atoms.get(at)?;
                    tokens.push(Token::Char(*next));
                    at += 1;
                }
                // `@(…)` and its like.
                '(' if active => return None,
                _ => tokens.push(Token::Char(c)),
            }
        }
        Some(Self(tokens))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether it matches one character.
    pub(super) fn matches_char(&self, c: char) -> bool {
        self.ends(&[c], 0).contains(&1)
    }

    /// Which beginnings of `text`, from `from` on, it matches: where they end.
    fn ends(&self, text: &[char], from: usize) -> Vec<usize> {
        let mut places = vec![from];
        for token in &self.0 {
            let mut next = Vec::new();
            match token {
                Token::Many => {
                    let first = places.first().copied().unwrap_or(text.len() + 1);
                    next.extend(first..=text.len());
                }
                Token::Any | Token::Char(_) | Token::Class { .. } => {
                    next.extend(
                        places
                            .iter()
                            .filter(|at| text.get(**at).is_some_and(|c| token.matches(*c)))
                            .map(|at| at + 1),
                    );
                }
            }
            places = next;
            if places.is_empty() {
                break;
            }
        }
        places
    }

    fn work(&self, text: &[char]) -> usize {
        (self.0.len() + 1).saturating_mul(text.len() + 1).saturating_mul(text.len() + 1)
    }

    /// `text` without the part at one end that it matches.
    pub(super) fn remove(&self, text: &str, end: End, longest: bool) -> Option<String> {
        let text: Vec<char> = text.chars().collect();
        if self.work(&text) > MAX_WORK {
            return None;
        }
        let range = match end {
            End::Start => {
                let ends = self.ends(&text, 0);
                let to = if longest { ends.last() } else { ends.first() };
                to.map(|to| *to..text.len())
            }
            End::Finish => {
                let mut starts = 0..=text.len();
                let reaches = |from: &usize| self.ends(&text, *from).last() == Some(&text.len());
                let from = if longest { starts.find(reaches) } else { starts.rev().find(reaches) };
                from.map(|from| 0..from)
            }
        };
        Some(text.get(range.unwrap_or(0..text.len()))?.iter().collect())
    }

    /// `text` with what it matches replaced: the first, all, or what stands at one end.
    pub(super) fn replace(
        &self,
        text: &str,
        with: &str,
        all: bool,
        end: Option<End>,
    ) -> Option<String> {
        let text: Vec<char> = text.chars().collect();
        if self.work(&text) > MAX_WORK {
            return None;
        }
        if self.is_empty() {
            let text: String = text.into_iter().collect();
            return Some(match end {
                Some(End::Start) => format!("{with}{text}"),
                Some(End::Finish) => format!("{text}{with}"),
                None => text,
            });
        }
        let mut out = String::new();
        let mut at = 0;
        let mut done = false;
        while at <= text.len() {
            let allowed = !done && (end != Some(End::Start) || at == 0);
            let found = if allowed { self.ends(&text, at).last().copied() } else { None };
            let found = found.filter(|to| end != Some(End::Finish) || *to == text.len());
            // An empty match is one only where nothing is left to match.
            let found = found.filter(|to| *to > at || (at == 0 && text.is_empty()));
            if let Some(to) = found {
                out.push_str(with);
                if out.len() > MAX_REPLACED {
                    return None;
                }
                done = !all;
                if to == at {
                    break;
                }
                at = to;
                // What follows a match up to the end is not matched again as nothing.
                if at == text.len() {
                    break;
                }
            } else {
                out.extend(text.get(at));
                at += 1;
            }
        }
        Some(out)
    }
}

impl Token {
    fn matches(&self, c: char) -> bool {
        match self {
            Self::Char(own) => *own == c,
            Self::Any | Self::Many => true,
            Self::Class { negated, ranges } => {
                ranges.iter().any(|(first, last)| (*first..=*last).contains(&c)) != *negated
            }
        }
    }
}

enum Class {
    None,
    NotFollowed,
    Found(Token, usize),
}

fn class(atoms: &[(char, bool)], from: usize) -> Class {
    let mut at = from;
    let negated = matches!(atoms.get(at), Some(('!' | '^', true)));
    at += usize::from(negated);
    let first = at;
    let mut ranges = Vec::new();
    loop {
        let Some(&(c, active)) = atoms.get(at) else { return Class::None };
        at += 1;
        match c {
            ']' if active && at > first + 1 => {
                return Class::Found(Token::Class { negated, ranges }, at);
            }
            '[' if active && matches!(atoms.get(at), Some((':' | '.' | '=', _))) => {
                return Class::NotFollowed;
            }
            _ => match (atoms.get(at), atoms.get(at + 1)) {
                (Some(('-', true)), Some(&(last, _))) if last != ']' => {
                    ranges.push((c, last));
                    at += 2;
                }
                _ => ranges.push((c, c)),
            },
        }
    }
}
