//! The sentence in which a card says what a rule would cover.

use countersign_domain::approvals::commands::{CommandPattern, CommandsMatcher};

/// One sentence for a card: `` `git push --force` in /home/me/site ``, `` `rm -r` on files inside
/// /home/me/site ``.
pub fn describe(rule: &CommandsMatcher) -> String {
    let commands: Vec<(String, bool)> = rule.commands.iter().map(one).collect();
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
