//! The tests that tables of the documentation name are there.

use std::collections::BTreeSet;
use std::fs;

use anyhow::Result;

use crate::sources::tests_by_name;

const ATTACKS: &str = "docs/attacks.md";
const ROWS: usize = 20;

const MATTERMOST: &str = "docs/mattermost.md";
/// Above the table of tests there.
const HEADING: &str = "## What people have run into elsewhere";

/// Rows that name nothing, and names of no test.
pub(crate) fn problems() -> Result<Vec<String>> {
    let tests = tests_by_name()?;
    let mut problems = of_attacks(&fs::read_to_string(ATTACKS)?, &tests);
    problems.extend(of_mattermost(&fs::read_to_string(MATTERMOST)?, &tests));
    Ok(problems)
}

fn of_attacks(text: &str, tests: &BTreeSet<String>) -> Vec<String> {
    let mut problems = Vec::new();
    let rows = text.lines().filter(|line| {
        line.strip_prefix("| ").is_some_and(|row| row.starts_with(|c: char| c.is_ascii_digit()))
    });
    let mut count = 0;
    for row in rows {
        count += 1;
        let number = row.split(" | ").next().map_or("", |cell| cell.trim_start_matches("| "));
        problems.extend(of_row(row, &format!("{ATTACKS}: row {number}"), tests));
    }
    if count != ROWS {
        problems.push(format!("{ATTACKS} has {count} rows of {ROWS}"));
    }
    problems
}

fn of_mattermost(text: &str, tests: &BTreeSet<String>) -> Vec<String> {
    let after = text.split_once(HEADING).map_or("", |(_, after)| after);
    let rows = after.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| ---"));
    // The first one is the head.
    let mut rows = rows.skip(1).peekable();
    if rows.peek().is_none() {
        return vec![format!("{MATTERMOST} has no table of tests")];
    }
    let of = |row: &str| {
        let what = row.trim_start_matches("| ").split(" | ").next().unwrap_or_default();
        of_row(row, &format!("{MATTERMOST}: \"{what}\""), tests)
    };
    rows.flat_map(of).collect()
}

/// What is wrong with the names in the last cell of `row`.
fn of_row(row: &str, place: &str, tests: &BTreeSet<String>) -> Vec<String> {
    let cell = row.trim_end_matches('|').rsplit(" | ").next().unwrap_or_default();
    let named: Vec<&str> = cell.split('`').skip(1).step_by(2).collect();
    if named.is_empty() && !row.contains("cannot occur") {
        return vec![format!("{place} names no test")];
    }
    let gone = named.into_iter().filter(|name| !is_there(name, tests));
    gone.map(|name| format!("{place}: there is no test `{name}`")).collect()
}

/// A name that was written out before may be cut: `a_card_arrives_…`.
fn is_there(name: &str, tests: &BTreeSet<String>) -> bool {
    match name.strip_suffix('…') {
        Some(begin) => tests.iter().any(|test| test.starts_with(begin)),
        None => tests.contains(name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_without_its_test_is_told() {
        let tests = BTreeSet::from(["there".to_owned()]);
        let table = "| 1 | a | b | `there` |\n| 2 | a | b | `gone` |\n| 3 | a | b | |\n\
                     | 4 | a | cannot occur | |\n";
        assert_eq!(
            of_attacks(table, &tests),
            [
                "docs/attacks.md: row 2: there is no test `gone`",
                "docs/attacks.md: row 3 names no test",
                "docs/attacks.md has 4 rows of 20",
            ]
        );
    }

    #[test]
    fn a_name_may_be_cut_and_must_still_be_that_of_a_test() {
        let tests = BTreeSet::from(["a_card_is_there".to_owned()]);
        let table = format!(
            "{HEADING}\n\n| what | here |\n| --- | --- |\n| a | `a_card_…`, `a_card_is_there` |\n\
             | b | so: `a_note_…` |\n"
        );
        let told = of_mattermost(&table, &tests);
        assert_eq!(told, ["docs/mattermost.md: \"b\": there is no test `a_note_…`"]);
        assert_eq!(of_mattermost("", &tests), ["docs/mattermost.md has no table of tests"]);
    }
}
