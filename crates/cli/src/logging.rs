//! Logs go to standard error; `COUNTERSIGN_LOG` says how much, as an env-filter. No line leaves with
//! a secret in it, whatever part of the program wrote it.

use std::io::Write;
use std::sync::{Arc, LazyLock, OnceLock};

use clap::ValueEnum;
use countersign_domain::redaction::Redactor;
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

/// Masks what the configuration says, from when it has been read.
static CONFIGURED: OnceLock<Arc<Redactor>> = OnceLock::new();

/// Masks well-known formats until then.
static AT_FIRST: LazyLock<Redactor> = LazyLock::new(|| Redactor::new([]));

/// From now on log lines are masked by `redactor`. Only the first call counts.
pub(crate) fn mask_with(redactor: Arc<Redactor>) {
    if CONFIGURED.set(redactor).is_err() {
        tracing::debug!("logs are masked already");
    }
}

/// Writes log lines, each of which comes in one piece, without secrets.
struct MaskedLines<W>(W);

impl<W: Write> Write for MaskedLines<W> {
    fn write(&mut self, line: &[u8]) -> std::io::Result<usize> {
        let redactor = CONFIGURED.get().map_or(&*AT_FIRST, Arc::as_ref);
        let text = String::from_utf8_lossy(line);
        self.0.write_all(redactor.redact(&text).as_bytes())?;
        Ok(line.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.0.flush()
    }
}

/// Starts logging. `usual` is the filter when the environment names none.
pub(crate) fn start(format: LogFormat, usual: &str) -> Result<(), Failure> {
    let wanted = std::env::var("COUNTERSIGN_LOG").unwrap_or_default();
    let filter = if wanted.is_empty() { usual } else { &wanted };
    // The bus says itself when it is lost and back; its client says it at every attempt. What is named
    // later wins.
    let filter = EnvFilter::try_new(format!("async_nats=off,{filter}")).map_err(|error| {
        Failure::Usage(format!(
            "COUNTERSIGN_LOG: {error}; write `warn`, `info`, `debug` or a filter such as \
             `info,countersign_agent=debug`"
        ))
    })?;
    let logs = tracing_subscriber::fmt()
        .with_ansi(coloured())
        .with_env_filter(filter)
        .with_writer(|| MaskedLines(std::io::stderr()));
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

#[cfg(test)]
mod tests {
    use super::*;

    /// What a subscriber of this format writes about an error that quotes a secret.
    fn logged(format: LogFormat, secret: &str) -> String {
        let (reader, writer) = std::io::pipe().unwrap();
        let writer = Arc::new(writer);
        let logs = tracing_subscriber::fmt()
            .with_ansi(false)
            .with_writer(move || MaskedLines(writer.try_clone().unwrap()));
        let say = || {
            let error = std::io::Error::other(format!("cannot reach https://a.test/?k={secret}"));
            tracing::error!(%error, header = "Authorization: Bearer abcDEF123456", "no \"answer\"");
        };
        match format {
            LogFormat::Text => tracing::subscriber::with_default(logs.finish(), say),
            LogFormat::Json => tracing::subscriber::with_default(logs.json().finish(), say),
        }
        std::io::read_to_string(reader).unwrap()
    }

    #[test]
    fn no_line_of_a_log_holds_a_secret_in_either_format() {
        let secret = format!("ghp_{}", "a1B2c3D4e5F6".repeat(3));
        for format in [LogFormat::Text, LogFormat::Json] {
            let line = logged(format, &secret);
            assert!(line.contains("ghp_…(40)") && line.contains("Bearer …(12)"), "{line}");
            assert!(!line.contains(secret.get(4..).unwrap()) && !line.contains("abcDEF"), "{line}");
        }
        let line = logged(LogFormat::Json, &secret);
        assert!(serde_json::from_str::<serde_json::Value>(&line).is_ok(), "{line}");
    }
}
