//! `man`.

use std::io::Write as _;
use std::path::PathBuf;

use clap::{Args, CommandFactory as _};
use clap_mangen::{Man, generate_to};

use super::Cli;
use crate::failure::{Answer, Failure, Outcome};

/// Print the manual page, or write those of all commands.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  countersign man | man -l -
  countersign man --dir ~/.local/share/man/man1")]
pub(crate) struct ManArgs {
    /// Write a page for each command into this directory
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

/// Prints or writes the pages.
pub(crate) fn run(args: &ManArgs) -> Outcome {
    let Some(dir) = &args.dir else {
        let mut page = Vec::new();
        Man::new(Cli::command()).render(&mut page)?;
        std::io::stdout().lock().write_all(&page)?;
        return Ok(Answer::Yes);
    };
    let failed = |error| Failure::Refused(format!("`{}`: {error}", dir.display()));
    std::fs::create_dir_all(dir).map_err(failed)?;
    generate_to(Cli::command(), dir).map_err(failed)?;
    Ok(Answer::Yes)
}
