//! Steps of the project's own build.
//!
//! `cargo xtask tidy` checks the structure (arrows between crates, sizes, names, who may make
//! proofs) and that generated files are fresh; `cargo xtask generate` writes the generated files;
//! `cargo xtask measure` prints start-up time and idle memory of the release build.

mod arrows;
mod attacks;
mod generate;
mod measure;
mod sources;

use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};

const USAGE: &str = "usage: cargo xtask tidy | generate | measure";

fn main() -> Result<ExitCode> {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .context("xtask lies in the workspace")?;
    std::env::set_current_dir(root)?;
    match std::env::args().nth(1).as_deref() {
        Some("tidy") => tidy(),
        Some("generate") => {
            generate::write()?;
            Ok(ExitCode::SUCCESS)
        }
        Some("measure") => {
            measure::measure()?;
            Ok(ExitCode::SUCCESS)
        }
        Some(other) => bail!("unknown step `{other}`; {USAGE}"),
        None => bail!(USAGE),
    }
}

#[expect(clippy::print_stdout, reason = "a build step talks to the person who runs it")]
fn tidy() -> Result<ExitCode> {
    let mut problems = arrows::problems()?;
    let report = sources::check()?;
    problems.extend(report.problems);
    problems.extend(attacks::problems()?);
    problems.extend(generate::stale()?);
    if !report.long.is_empty() {
        println!("worth a look (over {} lines):", sources::AIM);
        for (path, lines) in &report.long {
            println!("  {lines:5} {path}");
        }
    }
    for problem in &problems {
        println!("error: {problem}");
    }
    if problems.is_empty() {
        println!("tidy: {} source files", report.files);
        Ok(ExitCode::SUCCESS)
    } else {
        Ok(ExitCode::FAILURE)
    }
}
