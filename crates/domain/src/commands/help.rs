//! Lists of commands, made from the registry.

use super::{Category, Command};

/// How many commands a page of `/commands` has.
pub const PAGE: usize = 10;

/// These commands by category, a line each.
pub fn help<'c>(commands: impl IntoIterator<Item = &'c Command>) -> String {
    let commands: Vec<&Command> = commands.into_iter().collect();
    let categories = [
        Category::Session,
        Category::Approvals,
        Category::Configuration,
        Category::Tools,
        Category::Info,
    ];
    let section = |category: Category| {
        let lines: Vec<String> =
            commands.iter().filter(|found| found.category == category).map(|c| line(c)).collect();
        (!lines.is_empty()).then(|| format!("{}\n{}", category.as_str(), lines.join("\n")))
    };
    categories.into_iter().filter_map(section).collect::<Vec<_>>().join("\n\n")
}

/// Page `number`, from 1, of these commands, and how many pages there are.
pub fn page<'c>(commands: impl IntoIterator<Item = &'c Command>, number: usize) -> (String, usize) {
    let commands: Vec<&Command> = commands.into_iter().collect();
    let pages = commands.len().div_ceil(PAGE).max(1);
    let number = number.clamp(1, pages);
    let lines = commands.iter().skip((number - 1) * PAGE).take(PAGE).map(|c| line(c));
    let lines: Vec<String> = lines.collect();
    (format!("{}\nPage {number} of {pages}", lines.join("\n")), pages)
}

fn line(command: &Command) -> String {
    let mut line = format!("/{}", command.name);
    if !command.arguments.is_empty() {
        line = format!("{line} {}", command.arguments);
    }
    if !command.aliases.is_empty() {
        let aliases: Vec<String> =
            command.aliases.iter().map(|alias| format!("/{alias}")).collect();
        line = format!("{line} (also {})", aliases.join(", "));
    }
    format!("{line} — {}", command.description)
}
