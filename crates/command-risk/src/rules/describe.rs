//! The sentence in which a card says what a rule would cover.

use std::cmp::Reverse;

use countersign_domain::approvals::commands::{CommandPattern, CommandsMatcher};

use crate::analysis::Analysis;

/// One sentence for a card: `` `git push --force` in /home/me/site ``, `` `rm -r` on files inside
/// /home/me/site ``. Its commands in the order of the rule; see [`describe_worst_first`].
pub fn describe(rule: &CommandsMatcher) -> String {
    sentence(rule, rule.commands.iter())
}

/// The same for the card of the command that the rule was made from: what is most severe comes
/// first, and of equals what stands first in the command.
pub fn describe_worst_first(rule: &CommandsMatcher, made_from: &Analysis) -> String {
    let findings = made_from.assessment().findings();
    let rank = |pattern: &CommandPattern| {
        let views = made_from.commands().iter().enumerate();
        let places = views.filter(|(_, view)| view.pattern == *pattern);
        let ranks = places.map(|(at, view)| {
            let severity = findings
                .iter()
                .filter(|f| f.span.start < view.span.end && view.span.start < f.span.end)
                .map(|f| (f.verdict, f.severity))
                .max();
            (Reverse(severity), at)
        });
        ranks.min()
    };
    let mut commands: Vec<_> = rule.commands.iter().collect();
    commands.sort_by_cached_key(|pattern| rank(pattern));
    sentence(rule, commands.into_iter())
}

fn sentence<'r>(
    rule: &CommandsMatcher,
    commands: impl Iterator<Item = &'r CommandPattern>,
) -> String {
    let commands: Vec<(String, bool)> = commands.map(one).collect();
    let placed = commands.iter().any(|(_, within)| *within);
    let texts: Vec<String> = commands
        .into_iter()
        .map(
            |(text, within)| {
                if placed && !within { format!("{text} in {}", rule.root) } else { text }
            },
        )
        .collect();
    let text = texts.join(", ");
    if placed { text } else { format!("{text} in {}", rule.root) }
}

/// The command, and whether that says where it works.
fn one(command: &CommandPattern) -> (String, bool) {
    let mut words = vec![command.program.clone()];
    words.extend(command.subcommand.iter().cloned());
    words.extend(command.options.iter().cloned());
    let mut objects: Vec<String> = Vec::new();
    let mut inside = None;
    for target in &command.targets {
        match target.split_once(':') {
            Some(("within", root)) => inside = Some(format!("files inside {root}")),
            Some((_, value)) => objects.push(value.to_owned()),
            None => objects.push(target.clone()),
        }
    }
    let within = inside.is_some();
    objects.extend(inside);
    let on = if objects.is_empty() { "" } else { " on " };
    let last = objects.pop().unwrap_or_default();
    let objects =
        if objects.is_empty() { last } else { format!("{} and {last}", objects.join(", ")) };
    (format!("`{}`{on}{objects}", words.join(" ")), within)
}
