//! Logs go to standard error; `COUNTERSIGN_LOG` says how much, as an env-filter.

use clap::ValueEnum;
use tracing_subscriber::EnvFilter;

use crate::failure::Failure;

/// How log lines look.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// For programs: one JSON object a line.
    Json,
}

/// Starts logging. `usual` is the filter when the environment names none.
pub(crate) fn start(format: LogFormat, usual: &str) -> Result<(), Failure> {
    let wanted = std::env::var("COUNTERSIGN_LOG").unwrap_or_default();
    let filter = if wanted.is_empty() { usual } else { &wanted };
    let filter = EnvFilter::try_new(filter).map_err(|error| {
        Failure::Usage(format!(
            "COUNTERSIGN_LOG: {error}; write `warn`, `info`, `debug` or a filter such as \
             `info,countersign_agent=debug`"
        ))
    })?;
    let logs = tracing_subscriber::fmt()
        .with_ansi(coloured())
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    match format {
        LogFormat::Text => logs.with_target(false).init(),
        LogFormat::Json => logs.json().init(),
    }
    Ok(())
}

fn coloured() -> bool {
    use std::io::IsTerminal as _;
    let wanted = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    wanted && std::io::stderr().is_terminal()
}
