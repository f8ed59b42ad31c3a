//! The tests that `docs/attacks.md` names are there.

use std::collections::BTreeSet;
use std::fs;

use anyhow::Result;

use crate::sources::tests_by_name;

const TABLE: &str = "docs/attacks.md";
const ROWS: usize = 20;

/// Rows that name nothing, and names of no test.
pub(crate) fn problems() -> Result<Vec<String>> {
    Ok(missing(&fs::read_to_string(TABLE)?, &tests_by_name()?))
}

fn missing(table: &str, tests: &BTreeSet<String>) -> Vec<String> {
    let mut problems = Vec::new();
    let rows = table.lines().filter(|line| {
        line.strip_prefix("| ").is_some_and(|row| row.starts_with(|c: char| c.is_ascii_digit()))
    });
    let mut count = 0;
    for row in rows {
        count += 1;
        let cells: Vec<&str> = row.split(" | ").collect();
        let number = cells.first().map_or("", |cell| cell.trim_start_matches("| "));
        let named: Vec<&str> =
            cells.last().map_or("", |cell| *cell).split('`').skip(1).step_by(2).collect();
        if named.is_empty() && !row.contains("cannot occur") {
            problems.push(format!("{TABLE}: row {number} names no test"));
        }
        let gone = named.iter().filter(|name| !tests.contains(**name));
        problems
            .extend(gone.map(|name| format!("{TABLE}: row {number}: there is no test `{name}`")));
    }
    if count != ROWS {
        problems.push(format!("{TABLE} has {count} rows of {ROWS}"));
    }
    problems
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
            missing(table, &tests),
            [
                "docs/attacks.md: row 2: there is no test `gone`",
                "docs/attacks.md: row 3 names no test",
                "docs/attacks.md has 4 rows of 20",
            ]
        );
    }
}
