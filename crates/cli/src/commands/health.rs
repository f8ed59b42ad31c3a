//! `health`: whether a gateway can work.

use clap::Args;
use serde_json::{Value, json};

use super::rules::text;
use super::{Global, JsonFlag};
use crate::client::{ClientError, ConnectArgs};
use crate::failure::{Answer, Outcome};
use crate::output::Screen;

/// Say whether the gateway can work: its store reads and writes, and it is not about to stop.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  countersign health
  countersign health --json

Exit codes: 0 it can, 1 it cannot now, 3 nobody answers.")]
pub(crate) struct HealthArgs {
    #[command(flatten)]
    json: JsonFlag,
    #[command(flatten)]
    connect: ConnectArgs,
}

/// Asks, and says what was answered.
pub(crate) async fn run(args: HealthArgs, global: &Global) -> Outcome {
    let screen = Screen::detect();
    let answered = args.connect.client(global)?.get::<Value>("/health/ready").await;
    match answered {
        Ok(ready) if args.json.json => screen.json(&ready)?,
        Ok(ready) => {
            screen.line(format!("{}, bus {}", text(&ready, "status"), text(&ready, "bus")))?;
        }
        Err(ClientError::Refused(refusal)) => {
            if args.json.json {
                let status = json!({"status": refusal.code, "message": refusal.message});
                screen.json(&status)?;
            } else {
                screen.line(format!("{}: {}", refusal.code, refusal.message))?;
            }
            return Ok(Answer::No);
        }
        Err(error @ ClientError::Unreachable(_)) => return Err(error.into()),
    }
    Ok(Answer::Yes)
}
