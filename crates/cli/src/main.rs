//! The `countersign` program: commands, configuration and the wiring.
//!
//! The only crate that knows all others. It decides nothing: `up` joins the parts and serves them,
//! most other commands are clients of the running gateway's HTTP API.

mod approval;
mod approval_attention;
mod assessor;
mod bridge;
mod bridge_link;
mod business_number;
mod client;
mod clock;
mod commands;
mod compose;
mod config;
mod credentials;
mod entropy;
mod environment;
mod failure;
mod home;
mod logging;
mod model;
mod operators_chat;
mod output;
mod platforms;
mod progress;
mod sending;
mod serve;
mod typed_lines;

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser as _;

use crate::commands::Cli;
use crate::failure::{Failure, Outcome, exit_code};

/// What still works when a command has ended gets this long to stop.
const LAST_BREATH: Duration = Duration::from_millis(200);

fn main() -> ExitCode {
    // One provider for every TLS connection; an error says that there is one already.
    drop(rustls::crypto::ring::default_provider().install_default());
    let outcome = run(Cli::parse());
    if let Some(message) = outcome.as_ref().err().and_then(Failure::message) {
        output::aside(&format!("countersign: {message}"));
    }
    exit_code(&outcome)
}

fn run(cli: Cli) -> Outcome {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let outcome = runtime.block_on(commands::run(cli));
    runtime.shutdown_timeout(LAST_BREATH);
    outcome
}
