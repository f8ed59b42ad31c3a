//! `version`.

use clap::Args;
use serde_json::json;

use super::JsonFlag;
use crate::failure::{Answer, Outcome};
use crate::output::Screen;

/// Print the version.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  countersign version --json")]
pub(crate) struct VersionArgs {
    #[command(flatten)]
    json: JsonFlag,
}

/// Prints the version.
pub(crate) fn run(args: &VersionArgs) -> Outcome {
    let screen = Screen::detect();
    let version = env!("CARGO_PKG_VERSION");
    if args.json.json {
        screen.json(&json!({"name": "countersign", "version": version}))?;
    } else {
        screen.line(format!("countersign {version}"))?;
    }
    Ok(Answer::Yes)
}
