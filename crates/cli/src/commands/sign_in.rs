//! `sign-in`: a fresh one-time link to the web page.

use clap::Args;
use serde_json::{Value, json};

use super::rules::text;
use super::{Global, JsonFlag};
use crate::client::ConnectArgs;
use crate::failure::{Answer, Outcome};
use crate::output::Screen;

/// Print a one-time sign-in link for the web page.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  countersign sign-in")]
pub(crate) struct SignInArgs {
    #[command(flatten)]
    json: JsonFlag,
    #[command(flatten)]
    connect: ConnectArgs,
}

/// Prints a link.
pub(crate) async fn run(args: SignInArgs, global: &Global) -> Outcome {
    let screen = Screen::detect();
    let client = args.connect.client(global)?;
    let link: Value = client.post("/v1/sign-in-links", &json!({})).await?;
    if args.json.json {
        screen.json(&link)?;
    } else {
        screen.line(text(&link, "url"))?;
    }
    Ok(Answer::Yes)
}
