//! What the sources must look like beyond what the compiler and the linter check.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::{fs, io};

use anyhow::Result;

/// Lines that a file should have at most; more is shown.
pub(crate) const AIM: usize = 400;

/// Lines that a file may have at most.
const LIMIT: usize = 700;

/// File and folder names that say nothing.
const EMPTY_NAMES: [&str; 6] = ["utils", "util", "common", "helpers", "manager", "misc"];

/// The proof that a commit is durable: only stores make it, each in one place.
const PROOF: &str = "Committed::by_store()";

/// What was found.
pub(crate) struct Report {
    /// How many files were read.
    pub(crate) files: usize,
    /// What must be mended.
    pub(crate) problems: Vec<String>,
    /// What is longer than it should be.
    pub(crate) long: Vec<(String, usize)>,
}

/// Reads every source file.
pub(crate) fn check() -> Result<Report> {
    let mut report = Report { files: 0, problems: Vec::new(), long: Vec::new() };
    for folder in ["crates", "bridges", "xtask", "e2e"] {
        let mut files = Vec::new();
        if Path::new(folder).exists() {
            rust_files(Path::new(folder), &mut files)?;
        }
        files.sort();
        for path in files {
            check_file(&path, &fs::read_to_string(&path)?, &mut report);
        }
    }
    report.long.sort_by_key(|(_, lines)| std::cmp::Reverse(*lines));
    Ok(report)
}

/// The names of all functions that are tests: those behind an attribute, and those of `proptest!`.
pub(crate) fn tests_by_name() -> Result<BTreeSet<String>> {
    let mut files = Vec::new();
    for folder in ["crates", "e2e"] {
        rust_files(Path::new(folder), &mut files)?;
    }
    let mut names = BTreeSet::new();
    for path in files {
        let text = fs::read_to_string(path)?;
        let mut is_test = false;
        for line in text.lines().map(str::trim) {
            let line = line.strip_prefix("async ").unwrap_or(line);
            if line.starts_with("#[") {
                is_test |= makes_a_test(line);
            } else if let Some(rest) = line.strip_prefix("fn ") {
                if is_test {
                    names.extend(rest.split('(').next().map(str::to_owned));
                }
                is_test = false;
            }
        }
    }
    Ok(names)
}

/// Whether the attribute makes the function behind it a test; `#[cfg(test)]` does not.
fn makes_a_test(attribute: &str) -> bool {
    attribute == "#[test]"
        || ["#[tokio::test]", "#[tokio::test("].iter().any(|test| attribute.starts_with(test))
}

fn rust_files(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            if path.file_name().is_some_and(|name| name != "target") {
                rust_files(&path, files)?;
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    Ok(())
}

fn check_file(path: &Path, text: &str, report: &mut Report) {
    let shown = path.display().to_string();
    let lines = text.lines().count();
    report.files += 1;
    if lines > LIMIT {
        report.problems.push(format!("{shown} has {lines} lines; {LIMIT} is the limit"));
    } else if lines > AIM {
        report.long.push((shown.clone(), lines));
    }
    let names = path.iter().filter_map(|part| part.to_str());
    for name in names.map(|name| name.trim_end_matches(".rs")) {
        if EMPTY_NAMES.contains(&name) {
            report.problems.push(format!("{shown}: `{name}` does not say what is in it"));
        }
    }
    let may = path.starts_with("crates/storage") || path.ends_with("tools/testing.rs");
    let makes_proof = text.contains(PROOF) && !may;
    // This file names the proof in order to look for it; the agent tests its tools with one.
    if makes_proof && !path.starts_with("xtask") {
        report.problems.push(format!("{shown} makes `{PROOF}`, which only a store may"));
    }
    for word in ["todo!(", "unimplemented!(", "#[ignore"] {
        if text.contains(word) && !path.starts_with("xtask") {
            report.problems.push(format!("{shown} holds `{word}`"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_runner_runs_is_a_test() {
        for test in ["#[test]", "#[tokio::test]", "#[tokio::test(flavor = \"multi_thread\")]"] {
            assert!(makes_a_test(test), "{test}");
        }
        for other in
            ["#[cfg(test)]", "#[cfg(any(test, unix))]", "#[expect(lint, reason = \"a test]\")]"]
        {
            assert!(!makes_a_test(other), "{other}");
        }
    }
}
