//! Brace expansion, which bash does before anything else.

use std::rc::Rc;

use crate::parse::ast::{Expansion, Part, Word};

/// More words than this are not made.
const MAX_WORDS: usize = 512;
/// Nor more characters and parts of them, every step on the way counted.
const MAX_ATOMS: usize = 24 * 1024;
/// One after another or inside each other, more are not followed.
const MAX_BRACES: u32 = 10;

#[derive(Clone, Copy)]
enum Atom<'w> {
    Char(char),
    Part(&'w Part),
}

/// Whether a word has more braces than are followed.
pub(super) fn is_too_much(word: &Word, longest: usize) -> bool {
    let bare = || {
        word.parts
            .iter()
            .filter_map(|part| if let Part::Bare(text) = part { Some(text) } else { None })
    };
    let braces: usize = bare().map(|text| text.matches('{').count()).sum();
    braces > 0
        && bare().any(|text| text.contains(',') || text.contains(".."))
        && (braces > 24 || bare().map(String::len).sum::<usize>() >= longest)
}

/// The words that braces in `word` make, and whether these are all; none when it has no braces that
/// make any.
pub(super) fn expand(word: &Word) -> Option<(Vec<Word>, bool)> {
    let candidate =
        word.parts.iter().any(|part| matches!(part, Part::Bare(text) if text.contains('{')));
    if !candidate {
        return None;
    }
    let mut atoms = Vec::new();
    for part in &word.parts {
        match part {
            Part::Bare(text) => atoms.extend(text.chars().map(Atom::Char)),
            Part::Quoted(_) | Part::Expansion { .. } => atoms.push(Atom::Part(part)),
        }
    }
    let mut out = Vec::new();
    let mut room = MAX_ATOMS;
    expand_atoms(&atoms, &mut out, 0, &mut room);
    let complete = room > 0 && out.len() < MAX_WORDS;
    if out.len() < 2 && complete {
        return None;
    }
    let words = out.iter().map(|atoms| Word { parts: parts(atoms), span: word.span });
    Some((words.collect(), complete))
}

/// How much room atoms take: quoted text is copied as well.
fn size(atoms: &[Atom<'_>]) -> usize {
    atoms
        .iter()
        .map(|atom| match atom {
            Atom::Part(Part::Quoted(text) | Part::Bare(text)) => 2 + text.len() / 8,
            Atom::Char(_) | Atom::Part(Part::Expansion { .. }) => 1,
        })
        .sum()
}

fn expand_atoms<'w>(
    atoms: &[Atom<'w>],
    out: &mut Vec<Vec<Atom<'w>>>,
    depth: u32,
    room: &mut usize,
) {
    *room = room.saturating_sub(size(atoms));
    let mut from = 0;
    let mut tries = 0;
    while tries < 32
        && let Some(open) = position(atoms, from, '{')
    {
        // `{}` at the beginning stands for itself.
        let empty = open == 0 && depth == 0 && matches!(atoms.get(1), Some(Atom::Char('}')));
        if !empty && let Some((close, alternatives)) = alternatives(atoms, open) {
            if depth >= MAX_BRACES {
                *room = 0;
            }
            if *room == 0 {
                return;
            }
            let head = atoms.get(..open).unwrap_or_default();
            let tail = atoms.get(close + 1..).unwrap_or_default();
            let mut tails = Vec::new();
            expand_atoms(tail, &mut tails, depth + 1, room);
            for alternative in alternatives {
                let mut middles = Vec::new();
                expand_atoms(&alternative, &mut middles, depth + 1, room);
                for middle in &middles {
                    for tail in &tails {
                        let whole = [head, middle, tail].concat();
                        *room = room.saturating_sub(size(&whole));
                        if out.len() >= MAX_WORDS || *room == 0 {
                            return;
                        }
                        out.push(whole);
                    }
                }
            }
            return;
        }
        from = open + 1;
        tries += 1;
    }
    out.push(atoms.to_vec());
}

fn position(atoms: &[Atom<'_>], from: usize, wanted: char) -> Option<usize> {
    atoms
        .iter()
        .enumerate()
        .skip(from)
        .find(|(_, a)| matches!(a, Atom::Char(c) if *c == wanted))
        .map(|(at, _)| at)
}

/// Where the brace closes and what stands between its commas.
fn alternatives<'w>(atoms: &[Atom<'w>], open: usize) -> Option<(usize, Vec<Vec<Atom<'w>>>)> {
    let mut depth = 0_u32;
    let mut items = vec![Vec::new()];
    for (at, atom) in atoms.iter().enumerate().skip(open + 1) {
        match atom {
            Atom::Char('}') if depth == 0 => match items.as_slice() {
                // `{a}b,c}`: what has no comma yet is not closed.
                [only] if !has_dots(only) => {}
                [only] => return range(only).map(|items| (at, items)),
                _ => return Some((at, items)),
            },
            Atom::Char(',') if depth == 0 => {
                items.push(Vec::new());
                continue;
            }
            Atom::Char('{') => depth += 1,
            Atom::Char('}') => depth = depth.saturating_sub(1),
            Atom::Char(_) | Atom::Part(_) => {}
        }
        items.last_mut()?.push(*atom);
    }
    None
}

fn has_dots(atoms: &[Atom<'_>]) -> bool {
    atoms.windows(3).any(|three| matches!(three, [Atom::Char('.'), Atom::Char('.'), _]))
}

/// `a..e`, `1..9`, `1..9..2`.
fn range<'w>(atoms: &[Atom<'w>]) -> Option<Vec<Vec<Atom<'w>>>> {
    let text: String = atoms
        .iter()
        .map(|a| match a {
            Atom::Char(c) => Some(*c),
            Atom::Part(_) => None,
        })
        .collect::<Option<_>>()?;
    let mut bounds = text.split("..");
    let (first, last) = (bounds.next()?, bounds.next()?);
    let step = match bounds.next() {
        Some(step) => usize::try_from(step.parse::<i64>().ok()?.unsigned_abs()).ok()?.max(1),
        None => 1,
    };
    if bounds.next().is_some() {
        return None;
    }
    let atoms = |text: String| text.chars().map(Atom::Char).collect::<Vec<_>>();
    if let (Ok(from), Ok(to)) = (first.parse::<i64>(), last.parse::<i64>()) {
        let count = (usize::try_from(from.abs_diff(to)).ok()? / step).min(MAX_WORDS);
        let stride = i64::try_from(step).ok()?;
        let stride = if from <= to { stride } else { -stride };
        // A zero in front makes all of them as wide as the widest.
        let padded = |text: &str| {
            let digits = text.trim_start_matches('-');
            digits.len() > 1 && digits.starts_with('0')
        };
        let wide = padded(first) || padded(last);
        let width = if wide { first.len().max(last.len()) } else { 0 };
        return Some(
            (0..=count)
                .scan(from, |n, _| {
                    let value = *n;
                    *n = n.saturating_add(stride);
                    Some(atoms(format!("{value:0width$}")))
                })
                .collect(),
        );
    }
    let (mut from, mut to) = (first.chars(), last.chars());
    match (from.next()?, from.next(), to.next()?, to.next()) {
        (a, None, b, None) if !a.is_ascii_alphabetic() || !b.is_ascii_alphabetic() => None,
        (a, None, b, None) if a <= b => {
            Some((a..=b).step_by(step).take(MAX_WORDS).map(|c| atoms(c.to_string())).collect())
        }
        (a, None, b, None) => Some(
            (b..=a).rev().step_by(step).take(MAX_WORDS).map(|c| atoms(c.to_string())).collect(),
        ),
        _ => None,
    }
}

fn parts(atoms: &[Atom<'_>]) -> Vec<Part> {
    let mut out: Vec<Part> = Vec::new();
    for atom in atoms {
        if let Atom::Char(c) = atom
            && (c.is_ascii_alphanumeric() || *c == '_')
            && let Some(Part::Expansion { what: Expansion::Parameter(parameter), quoted: false }) =
                out.last_mut()
            && parameter.bare
        {
            // Braces come first: `{$a,x}b` is `$ab xb`.
            *parameter = Rc::new(parameter.longer(*c));
            continue;
        }
        match (atom, out.last_mut()) {
            (Atom::Char(c), Some(Part::Bare(text))) => text.push(*c),
            (Atom::Char(c), _) => out.push(Part::Bare(c.to_string())),
            (Atom::Part(part), _) => out.push((*part).clone()),
        }
    }
    out
}
