//! Invocations and the patterns that describe them.
//!
//! A pattern is a row of tokens. A bare token is a glob for the next operand (`a|b` for either,
//! `*` for any, `..` for any number); `-x|--long` is an option that must be there, `--opt=glob`
//! with such a value (`-opt*` by its beginning); `!-x` one that must not; `$` says that no operand follows, `+` that one does.

use super::schema::Tool;

/// Words of an invocation sorted into options and operands.
#[derive(Debug, Default)]
pub(crate) struct Arguments<'w> {
    /// Option name, its value, and the place of the word.
    pub(crate) options: Vec<(&'w str, Option<&'w str>, usize)>,
    /// Operand and its place.
    pub(crate) operands: Vec<(&'w str, usize)>,
}

/// What the rules of a tool say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// A rule or the default allows it.
    Harmless,
    /// It has this effect.
    Effect(&'static str),
}

impl<'w> Arguments<'w> {
    /// Sorts `words`, the first of which is the program. With `leading`, everything behind the
    /// first operand is an operand, as with commands that run another.
    pub(crate) fn sort(words: &'w [String], tool: &Tool, leading: bool) -> Self {
        let mut sorted = Self::default();
        let mut at = 1;
        let mut only_operands = false;
        while let Some(word) = words.get(at) {
            let place = at;
            at += 1;
            if only_operands || !word.starts_with('-') || word.len() < 2 {
                only_operands |= leading;
                sorted.operands.push((word, place));
            } else if word == "--" {
                only_operands = true;
                sorted.options.push((word, None, place));
            } else if let Some((name, value)) =
                word.split_once('=').filter(|_| word.starts_with("--") || tool.single_dash)
            {
                sorted.options.push((name, Some(value), place));
            } else if word.starts_with("--") || tool.single_dash {
                let takes = tool.values.iter().any(|v| v == word);
                let value = takes.then(|| words.get(at)).flatten().map(String::as_str);
                at += usize::from(takes);
                sorted.options.push((word, value, place));
            } else {
                at += sorted.bundle(word, words.get(at), tool, place);
            }
        }
        sorted
    }

    /// `-xvf file`: returns whether the next word belongs to it.
    fn bundle(
        &mut self,
        word: &'w str,
        next: Option<&'w String>,
        tool: &Tool,
        place: usize,
    ) -> usize {
        if word.len() > 2 && tool.values.iter().any(|v| v == word) {
            self.options.push((word, next.map(String::as_str), place));
            return 1;
        }
        let letters = word.char_indices().skip(1);
        for (offset, letter) in letters {
            let end = offset + letter.len_utf8();
            let name = word.get(offset..end).unwrap_or_default();
            let takes = tool.values.iter().any(|v| v.strip_prefix('-') == Some(name));
            if !takes {
                self.options.push((name, None, place));
                continue;
            }
            let attached = word.get(end..).filter(|rest| !rest.is_empty());
            self.options.push((name, attached.or(next.map(String::as_str)), place));
            return usize::from(attached.is_none());
        }
        0
    }

    /// All values of an option.
    pub(crate) fn values<'a>(
        &'a self,
        name: &'a str,
    ) -> impl Iterator<Item = (&'w str, usize)> + 'a {
        self.options
            .iter()
            .filter(move |(option, _, _)| same(option, name))
            .filter_map(|&(_, value, place)| Some((value?, place)))
    }

    /// The operand at this position.
    pub(crate) fn operand(&self, at: usize) -> Option<&'w str> {
        self.operands.get(at).map(|&(word, _)| word)
    }
}

/// Letters of bundles are kept without a dash.
fn same(option: &str, name: &str) -> bool {
    option == name || (!option.starts_with('-') && name.strip_prefix('-') == Some(option))
}

impl Tool {
    /// What the first matching rule says, or the default.
    pub(crate) fn outcome(&self, arguments: &Arguments<'_>) -> Outcome {
        match self.first_rule(arguments) {
            Some(effect) => effect.map_or(Outcome::Harmless, Outcome::Effect),
            None => self.default.map_or(Outcome::Harmless, Outcome::Effect),
        }
    }

    /// The effect that a rule, not the default, names.
    pub(crate) fn ruled(&self, arguments: &Arguments<'_>) -> Option<&'static str> {
        self.first_rule(arguments).flatten()
    }

    #[expect(clippy::option_option, reason = "no rule, or a rule that allows")]
    fn first_rule(&self, arguments: &Arguments<'_>) -> Option<Option<&'static str>> {
        self.rules
            .iter()
            .find(|rule| {
                rule.patterns
                    .iter()
                    .any(|pattern| pattern.matches(arguments, rule.effect.is_some()))
            })
            .map(|rule| rule.effect)
    }
}

/// One way of invoking a tool.
#[derive(Debug, Clone)]
pub(crate) struct Pattern {
    operands: Vec<Token>,
    options: Vec<OptionToken>,
}

#[derive(Debug, Clone)]
enum Token {
    One(Vec<String>),
    Any,
    End,
    More,
}

#[derive(Debug, Clone)]
struct OptionToken {
    wanted: bool,
    names: Vec<(String, Option<String>)>,
}

impl Pattern {
    pub(super) fn read(text: &str) -> Option<Self> {
        let mut pattern = Self { operands: Vec::new(), options: Vec::new() };
        for token in text.split_whitespace() {
            let (wanted, body) =
                token.strip_prefix('!').map_or((true, token), |rest| (false, rest));
            if body.starts_with('-') && body.len() > 1 {
                let name = |one: &str| match one.split_once('=') {
                    Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
                    None => (one.to_owned(), None),
                };
                pattern
                    .options
                    .push(OptionToken { wanted, names: body.split('|').map(name).collect() });
                continue;
            }
            if !wanted {
                return None;
            }
            pattern.operands.push(match body {
                ".." => Token::Any,
                "$" => Token::End,
                "+" => Token::More,
                _ => Token::One(body.split('|').map(str::to_owned).collect()),
            });
        }
        (!pattern.operands.is_empty() || !pattern.options.is_empty()).then_some(pattern)
    }

    fn matches(&self, arguments: &Arguments<'_>, lenient: bool) -> bool {
        // `$` alone is the bare name: an option may be all that it takes to act.
        let bare = self.options.is_empty() && matches!(self.operands.as_slice(), [Token::End]);
        (!bare || arguments.options.is_empty())
            && self.options.iter().all(|token| token.matches(arguments, lenient) == token.wanted)
            && operands_match(&self.operands, &arguments.operands)
    }
}

impl OptionToken {
    fn matches(&self, arguments: &Arguments<'_>, lenient: bool) -> bool {
        self.names.iter().any(|(name, wanted)| {
            arguments.options.iter().any(|(option, value, _)| {
                // Most tools take a long option by an unambiguous beginning.
                let named = same(option, name)
                    || (name.contains('*') && glob_matches(name, option))
                    || (lenient
                        && self.wanted
                        && option.len() > 4
                        && option.starts_with("--")
                        && name.starts_with(option));
                // `--dry-run=none` is no dry run.
                let refused = !lenient
                    && wanted.is_none()
                    && value.is_some_and(|v| matches!(v, "none" | "false" | "no" | "off" | "0"));
                named
                    && !(refused && self.wanted)
                    && wanted
                        .as_ref()
                        .is_none_or(|glob| value.is_some_and(|v| glob_matches(glob, v)))
            })
        })
    }
}

fn operands_match(tokens: &[Token], operands: &[(&str, usize)]) -> bool {
    let Some((token, tokens)) = tokens.split_first() else {
        return true;
    };
    match token {
        Token::Any => (0..=operands.len().min(6))
            .any(|skip| operands_match(tokens, operands.get(skip..).unwrap_or_default())),
        Token::End => operands.is_empty(),
        Token::More => !operands.is_empty(),
        Token::One(globs) => operands.split_first().is_some_and(|((word, _), rest)| {
            globs.iter().any(|glob| glob_matches(glob, word)) && operands_match(tokens, rest)
        }),
    }
}

/// A glob with `*` only, without regard to case of ASCII letters in the text.
pub(crate) fn glob_matches(glob: &str, text: &str) -> bool {
    let mut parts = glob.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = strip_prefix_uncased(text, first) else {
        return false;
    };
    let mut last = None;
    for part in parts {
        if let Some(previous) = last.replace(part) {
            let Some(found) = find_uncased(rest, previous) else {
                return false;
            };
            rest = rest.get(found + previous.len()..).unwrap_or_default();
        }
    }
    match last {
        None => rest.is_empty(),
        Some(end) => {
            rest.len() >= end.len()
                && rest
                    .get(rest.len() - end.len()..)
                    .is_some_and(|tail| tail.eq_ignore_ascii_case(end))
        }
    }
}

fn strip_prefix_uncased<'t>(text: &'t str, prefix: &str) -> Option<&'t str> {
    let head = text.get(..prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then(|| text.get(prefix.len()..)).flatten()
}

fn find_uncased(text: &str, part: &str) -> Option<usize> {
    (0..=text.len().checked_sub(part.len())?)
        .find(|&at| text.get(at..at + part.len()).is_some_and(|s| s.eq_ignore_ascii_case(part)))
}
