//! `config`: reads, checks and changes the configuration file.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::{Global, JsonFlag};
use crate::config::document::LARGEST_FILE;
use crate::config::{Loaded, edit, keys, load, parse_key, write_key};
use crate::failure::{Answer, Failure, Outcome};
use crate::home::{Home, check_private, write_private};
use crate::output::{Screen, aside};

/// Read, check and change the configuration.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  countersign config set approvals.timeout 30m
  countersign config set approvals.deny '[\"shutdown *\"]'
  countersign config check")]
pub(crate) struct ConfigArgs {
    /// The configuration file [default: config.yaml in the home directory]
    #[arg(long, value_name = "FILE", global = true)]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: ConfigCommand,
}

#[derive(Debug, Subcommand)]
enum ConfigCommand {
    /// Print the value of a key, or of all keys; defaults included, secrets not shown
    #[command(after_help = "Example:\n  countersign config get approvals.mode")]
    Get {
        /// The key, such as `approvals.mode`
        key: Option<String>,
        #[command(flatten)]
        json: JsonFlag,
    },
    /// Set a key; comments and order stay, and nothing is written that could not be read
    #[command(after_help = "Examples:
  countersign config set approvals.mode manual
  countersign config set outbound.http.allow_hosts '[example.org]'")]
    Set {
        /// The key
        key: String,
        /// The value, as YAML
        value: String,
    },
    /// Take a key out of the file, so that its default holds
    #[command(after_help = "Example:\n  countersign config unset approvals.timeout")]
    Unset {
        /// The key
        key: String,
    },
    /// Check the file; exit code 2 and the place if something is wrong
    #[command(after_help = "Example:\n  countersign config check --config ./config.yaml")]
    Check {
        #[command(flatten)]
        json: JsonFlag,
    },
    /// Print the JSON Schema of the file, for editors
    #[command(after_help = "Example:\n  countersign config schema > config.schema.json")]
    Schema,
    /// Print where the file is
    #[command(after_help = "Example:\n  countersign config path")]
    Path,
}

/// Does what is asked with the file.
pub(crate) fn run(args: ConfigArgs, global: &Global) -> Outcome {
    let screen = Screen::detect();
    if matches!(args.command, ConfigCommand::Schema) {
        screen.json(&keys::schema())?;
        return Ok(Answer::Yes);
    }
    let file = if let Some(file) = args.config {
        file
    } else {
        let root = Home::place(global.home.as_deref())?;
        // The first thing that somebody does may be to set a key.
        if matches!(args.command, ConfigCommand::Set { .. }) {
            Home::prepare(&root)?;
        }
        root.join("config.yaml")
    };
    match args.command {
        ConfigCommand::Get { key, json } => get(screen, &file, key.as_deref(), json),
        ConfigCommand::Set { key, value } => {
            change(&file, &key, |text, path| edit::set(&file, text, path, &value))?;
            Ok(told_running(global))
        }
        ConfigCommand::Unset { key } => {
            change(&file, &key, |text, path| edit::unset(&file, text, path))?;
            Ok(told_running(global))
        }
        ConfigCommand::Check { json } => check(screen, &file, json),
        ConfigCommand::Path => Ok(screen.line(file.display().to_string()).map(|()| Answer::Yes)?),
        ConfigCommand::Schema => Ok(Answer::Yes),
    }
}

fn existing(file: &Path) -> Result<Loaded, Failure> {
    check_private(file)?;
    if file.exists() { Ok(load(file, &[])?) } else { Ok(Loaded::defaults()) }
}

fn get(screen: Screen, file: &Path, key: Option<&str>, json: JsonFlag) -> Outcome {
    let loaded = existing(file)?;
    let mut all = serde_json::to_value(&loaded.config).map_err(Failure::refused)?;
    hide_secrets(&mut all, &mut Vec::new());
    let path = match key {
        Some(key) => known_key(key)?,
        None => Vec::new(),
    };
    let mut value = &all;
    for part in &path {
        value = value.get(part).unwrap_or(&Value::Null);
    }
    match (json.json, value) {
        (true, value) => screen.json(value)?,
        (false, Value::String(text)) => screen.line(text)?,
        (false, Value::Null) => screen.line("")?,
        (false, value) => {
            let text = serde_saphyr::to_string(value).map_err(Failure::refused)?;
            screen.line(text.trim_end())?;
        }
    }
    Ok(Answer::Yes)
}

fn hide_secrets(value: &mut Value, path: &mut Vec<String>) {
    match value {
        Value::Object(entries) => {
            for (key, value) in entries {
                path.push(key.clone());
                hide_secrets(value, path);
                path.pop();
            }
        }
        Value::String(text) if crate::config::is_secret(path) => {
            *text = format!("(secret, {} characters)", text.chars().count());
        }
        Value::String(_) | Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => {}
    }
}

fn known_key(key: &str) -> Result<Vec<String>, Failure> {
    let path = parse_key(key).map_err(Failure::usage)?;
    keys::Keys::new().check_path(&path).map_err(|unknown| {
        Failure::Usage(format!(
            "there is no key `{}`{}",
            write_key(&unknown.path),
            crate::config::advice(&unknown)
        ))
    })?;
    Ok(path)
}

/// Sets one key of a file, as `config set` does.
pub(crate) fn set_key(file: &Path, key: &str, value: &str) -> Outcome {
    change(file, key, |text, path| edit::set(file, text, path, value))
}

fn change(
    file: &Path,
    key: &str,
    edit: impl FnOnce(&str, &[String]) -> Result<(String, Loaded), edit::EditError>,
) -> Outcome {
    let path = parse_key(key).map_err(Failure::usage)?;
    check_private(file)?;
    let text = match std::fs::metadata(file) {
        Ok(metadata) if metadata.len() > LARGEST_FILE => {
            return Err(Failure::Usage(format!("{}: larger than 1 MiB", file.display())));
        }
        Ok(_) => std::fs::read_to_string(file)?,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(error.into()),
    };
    let (edited, loaded) = edit(&text, &path).map_err(Failure::usage)?;
    validate(&loaded)?;
    if edited != text || !file.exists() {
        write_private(file, &edited)
            .map_err(|error| Failure::Refused(format!("{}: {error}", file.display())))?;
    }
    Ok(Answer::Yes)
}

/// Nothing is read while a gateway works: whoever changes the file of one that runs is told.
fn told_running(global: &Global) -> Answer {
    let home = Home::place(global.home.as_deref()).and_then(|root| Home::open(&root));
    if let Some(running) = home.ok().and_then(|home| home.running().ok()) {
        let pid = running.announcement.pid;
        aside(&format!("The gateway that runs (pid {pid}) takes it at its next start."));
    }
    Answer::Yes
}

fn check(screen: Screen, file: &Path, json: JsonFlag) -> Outcome {
    check_private(file)?;
    let loaded = load(file, &[])?;
    validate(&loaded)?;
    if json.json {
        screen.json(&json!({"file": file.display().to_string(), "ok": true}))?;
    } else {
        screen.line(format!("{}: fine", file.display()))?;
    }
    Ok(Answer::Yes)
}

/// What a start would refuse although it can be read.
pub(super) fn validate(loaded: &Loaded) -> Result<(), Failure> {
    crate::compose::check_values(loaded)
}
