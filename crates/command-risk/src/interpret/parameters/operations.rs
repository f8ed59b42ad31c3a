//! What `${name…}` does to a value: prefixes, suffixes, replacements, slices, letter case.

use crate::interpret::Machine;
use crate::interpret::glob::{End, Pattern};
use crate::interpret::value::Value;
use crate::parse::ast::{Operation, Part, Word};

impl Machine<'_> {
    pub(in crate::interpret) fn operate(&mut self, operation: &Operation, value: Value) -> Value {
        let taint = value.taint;
        let known = value.is_known();
        let text = match operation {
            Operation::None
            | Operation::Default(_)
            | Operation::Assign(_)
            | Operation::Alternative(_) => return value,
            Operation::RemovePrefix { pattern, longest } => self
                .pattern(pattern)
                .filter(|_| known)
                .and_then(|p| p.remove(&value.text, End::Start, *longest)),
            Operation::RemoveSuffix { pattern, longest } => self
                .pattern(pattern)
                .filter(|_| known)
                .and_then(|p| p.remove(&value.text, End::Finish, *longest)),
            Operation::Replace { pattern, with, all } => self.replaced(&value, pattern, with, *all),
            Operation::Slice { offset, length } => {
                let count = value.text.chars().count();
                let known = known && !value.is_open();
                self.slice_bounds(count, offset, length.as_ref(), true).filter(|_| known).map(
                    |(from, to)| {
                        value.text.chars().skip(from).take(to.saturating_sub(from)).collect()
                    },
                )
            }
            Operation::Upper { pattern, all } => self.recased(&value, pattern, *all, true),
            Operation::Lower { pattern, all } => self.recased(&value, pattern, *all, false),
            Operation::Transform(word) => {
                let how = self.word_value(word).text;
                if how == "P" && known && value.text.contains(['$', '`']) {
                    // A prompt is expanded again.
                    let text = format!("printf %s \"{}\"", value.text.replace('"', "\\\""));
                    return self.script(&text, None);
                }
                transformed(&value.text, &how).filter(|_| known)
            }
            Operation::Required(word) => {
                self.walk(word);
                return value;
            }
            Operation::Other(word) => {
                self.walk(word);
                None
            }
        };
        text.map_or_else(|| Value::unknown(taint), |text| Value { text, taint })
    }

    fn replaced(
        &mut self,
        value: &Value,
        pattern: &Word,
        with: &Word,
        all: bool,
    ) -> Option<String> {
        // `/#` and `/%` hold on to an end; the mark is not part of the pattern.
        let mut pattern = pattern.clone();
        let mut end = None;
        if !all && let Some(Part::Bare(text)) = pattern.parts.first_mut() {
            end = match text.chars().next() {
                Some('#') => Some(End::Start),
                Some('%') => Some(End::Finish),
                _ => None,
            };
            if end.is_some() {
                text.remove(0);
            }
        }
        let pattern = self.pattern(&pattern);
        // An unquoted `&` is what was matched.
        let refers = with.parts.iter().any(|part| match part {
            Part::Bare(text) => text.contains('&'),
            Part::Quoted(_) => false,
            Part::Expansion { quoted, .. } => !quoted,
        });
        let with = self.word_value(with);
        if refers && with.text.contains('&') {
            return None;
        }
        pattern
            .filter(|_| value.is_known() && with.is_known())
            .and_then(|p| p.replace(&value.text, &with.text, all, end))
    }

    fn recased(&mut self, value: &Value, pattern: &Word, all: bool, upper: bool) -> Option<String> {
        if pattern.parts.is_empty() {
            return value.is_known().then(|| recase(&value.text, all, upper, None));
        }
        let pattern = self.pattern(pattern)?;
        value.is_known().then(|| recase(&value.text, all, upper, Some(&pattern)))
    }

    /// Where a slice begins and ends.
    pub(super) fn slice_bounds(
        &mut self,
        count: usize,
        offset: &Word,
        length: Option<&Word>,
        from_end: bool,
    ) -> Option<(usize, usize)> {
        let offset = self.word_value(offset).text;
        let length = length.map(|word| self.word_value(word).text);
        let offset = if offset.trim().is_empty() { 0 } else { self.evaluate(&offset)? };
        let count = i64::try_from(count).ok()?;
        let from = if offset < 0 { offset + count } else { offset };
        if from < 0 || from > count {
            return Some((0, 0));
        }
        let to = match length {
            None => count,
            Some(text) => match if text.trim().is_empty() { 0 } else { self.evaluate(&text)? } {
                length if length >= 0 => from.saturating_add(length).min(count),
                length if from_end && count + length >= from => count + length,
                _ => return None,
            },
        };
        Some((usize::try_from(from).ok()?, usize::try_from(to).ok()?))
    }
}

/// `${v@Q}` and its like; none where the result is not followed.
fn transformed(text: &str, how: &str) -> Option<String> {
    let plain = text.chars().all(|c| !c.is_control());
    match how {
        "U" => Some(recase(text, true, true, None)),
        "L" => Some(recase(text, true, false, None)),
        "u" => Some(recase(text, false, true, None)),
        "Q" if plain => Some(format!("'{}'", text.replace('\'', "'\\''"))),
        "E" => Some(crate::interpret::decode::escapes(text)),
        "P" if plain && !text.contains(['\\', '!']) => Some(text.to_owned()),
        _ => None,
    }
}

fn recase(text: &str, all: bool, upper: bool, pattern: Option<&Pattern>) -> String {
    text.char_indices()
        .map(|(at, c)| {
            if (!all && at > 0) || !pattern.is_none_or(|p| p.matches_char(c)) {
                c
            } else if upper {
                c.to_ascii_uppercase()
            } else {
                c.to_ascii_lowercase()
            }
        })
        .collect()
}
