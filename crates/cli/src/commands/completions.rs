//! `completions`.

use std::io::Write as _;

use clap::{Args, CommandFactory as _};
use clap_complete::{Shell, generate};

use super::Cli;
use crate::failure::{Answer, Outcome};

/// Print completions for a shell.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  countersign completions bash > ~/.local/share/bash-completion/completions/countersign")]
pub(crate) struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

/// Prints the completions.
pub(crate) fn run(args: &CompletionsArgs) -> Outcome {
    let mut script = Vec::new();
    generate(args.shell, &mut Cli::command(), "countersign", &mut script);
    std::io::stdout().lock().write_all(&script)?;
    Ok(Answer::Yes)
}
