//! The relation between what the interpreter says and what bash did.

use std::collections::BTreeSet;

use countersign_command_risk::{Analysis, CommandView, UNKNOWN_WORD};
use countersign_domain::verdict::Verdict;

use crate::machine::STUBS;

pub(crate) enum Judgement {
    Same,
    /// Not the same, but the interpreter says that it does not know.
    Unresolved,
    Wrong(String),
}

/// `straight` says that everything in the program runs, once.
pub(crate) fn judge(analysis: &Analysis, calls: &[Vec<String>], straight: bool) -> Judgement {
    let views: Vec<&CommandView> = analysis.commands().iter().collect();
    for call in calls {
        if views.iter().any(|view| view.exact && same(view, call)) {
            continue;
        }
        // A glob that was printed stays one here.
        let open = |view: &&&CommandView| !view.exact || view.words.contains(['*', '?', '[']);
        if views.iter().filter(open).any(|view| may_be(view, call)) {
            continue;
        }
        return if gives_up(analysis) {
            Judgement::Unresolved
        } else {
            Judgement::Wrong(format!("bash ran {call:?}, of which nothing is said"))
        };
    }
    // What does not parse is run up to there, or not at all.
    let unparsed = analysis.effects().iter().any(|effect| effect.kind.starts_with("parse."));
    if unparsed {
        return Judgement::Unresolved;
    }
    let stub = |view: &&&CommandView| STUBS.contains(&view.pattern.program.as_str());
    for view in views
        .iter()
        .filter(stub)
        .filter(|view| view.exact && straight && !view.words.contains(['*', '?', '[']))
    {
        if !calls.iter().any(|call| same(view, call)) {
            return Judgement::Wrong(format!("bash did not run `{}`", view.words));
        }
    }
    Judgement::Same
}

/// What was said, for a message.
pub(crate) fn said(analysis: &Analysis) -> String {
    let mut out: Vec<String> = analysis
        .commands()
        .iter()
        .map(|view| {
            format!(
                "{} `{}` {:?}",
                if view.exact { "=" } else { "?" },
                view.words,
                view.pattern.targets
            )
        })
        .collect();
    out.push(format!("{:?}", analysis.assessment().verdict()));
    out.extend(analysis.effects().iter().map(|e| format!("{} {}", e.kind, e.object)));
    out.join("\n")
}

fn gives_up(analysis: &Analysis) -> bool {
    analysis.assessment().verdict() > Verdict::Allow
        && analysis.effects().iter().any(|effect| {
            effect.kind.starts_with("unresolved.")
                || effect.kind.starts_with("parse.")
                || effect.kind.starts_with("code.")
        })
}

fn joined(call: &[String]) -> String {
    let words: Vec<&str> = call.iter().flat_map(|word| word.split_whitespace()).collect();
    words.join(" ")
}

/// The same words, and where one ends the same too.
fn same(view: &CommandView, call: &[String]) -> bool {
    let plain = |word: &&String| !word.starts_with(['-', '/', '~', '.']) && !word.contains('/');
    let expected: BTreeSet<String> =
        call.iter().skip(1).filter(plain).map(|word| format!("name:{word}")).collect();
    // The value of a long option may be listed by itself.
    let values: BTreeSet<String> = call
        .iter()
        .filter(|word| word.starts_with("--"))
        .filter_map(|word| word.split_once('=').map(|(_, value)| format!("name:{value}")))
        .collect();
    let found: BTreeSet<String> = view
        .pattern
        .targets
        .iter()
        .filter(|t| t.strip_prefix("name:").is_some_and(|w| plain(&&w.to_owned())))
        .cloned()
        .collect();
    view.words == joined(call)
        && found.is_superset(&expected)
        && found.iter().all(|word| expected.contains(word) || values.contains(word))
}

/// Whether the words could be these, the unknown ones being anything.
fn may_be(view: &CommandView, call: &[String]) -> bool {
    let words: String =
        view.words.chars().map(|c| if "*?[]".contains(c) { UNKNOWN_WORD } else { c }).collect();
    let text = joined(call);
    let mut pieces = words.split(UNKNOWN_WORD);
    let first = pieces.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first.trim_end()) else { return false };
    let pieces: Vec<&str> = pieces.collect();
    if pieces.is_empty() {
        return rest.trim().is_empty();
    }
    for piece in &pieces {
        match rest.find(piece.trim()) {
            Some(at) => rest = rest.get(at + piece.trim().len()..).unwrap_or_default(),
            None => return false,
        }
    }
    let last = pieces.last().map_or("", |p| p.trim());
    last.is_empty() || text.ends_with(last)
}
