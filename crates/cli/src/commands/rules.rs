//! `rules`: what `session` and `always` have left behind.

use clap::{Args, Subcommand};
use countersign_domain::ids::RuleId;
use serde_json::Value;

use super::approvals::read_data;
use super::{Global, JsonFlag};
use crate::client::ConnectArgs;
use crate::failure::{Answer, Failure, Outcome};
use crate::output::Screen;

/// List and revoke rules.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  countersign rules list
  countersign rules revoke rule_0196…")]
pub(crate) struct RulesArgs {
    #[command(subcommand)]
    command: RulesCommand,
}

#[derive(Debug, Subcommand)]
enum RulesCommand {
    /// List the rules in force
    #[command(after_help = "Example:\n  countersign rules list --json")]
    List {
        #[command(flatten)]
        json: JsonFlag,
        #[command(flatten)]
        connect: ConnectArgs,
    },
    /// Revoke a rule: what it covered is asked about again
    #[command(after_help = "Example:\n  countersign rules revoke rule_0196…")]
    Revoke {
        /// The rule
        id: String,
        #[command(flatten)]
        connect: ConnectArgs,
    },
}

/// Does what is asked with rules.
pub(crate) async fn run(args: RulesArgs, global: &Global) -> Outcome {
    let screen = Screen::detect();
    match args.command {
        RulesCommand::List { json, connect } => {
            let page: Value = connect.client(global)?.get("/v1/rules").await?;
            if json.json {
                screen.json(&page)?;
            } else {
                list(screen, &page)?;
            }
        }
        RulesCommand::Revoke { id, connect } => {
            let id: RuleId = id.parse().map_err(Failure::usage)?;
            connect.client(global)?.delete(&format!("/v1/rules/{id}")).await?;
            screen.line(format!("revoked {id}"))?;
        }
    }
    Ok(Answer::Yes)
}

fn list(screen: Screen, page: &Value) -> Result<(), Failure> {
    let rules: Vec<Value> = read_data(page)?;
    if rules.is_empty() {
        return Ok(screen.line("no rules: everything that needs a person is asked")?);
    }
    let rows: Vec<Vec<String>> = rules
        .iter()
        .map(|rule| {
            ["rule_id", "scope", "describes", "made_by", "uses", "expires_at"]
                .iter()
                .map(|name| text(rule, name))
                .collect()
        })
        .collect();
    Ok(screen.table(&["ID", "SCOPE", "COVERS", "MADE BY", "USES", "UNTIL"], &rows)?)
}

/// A field as a table shows it.
pub(super) fn text(value: &Value, field: &str) -> String {
    match value.get(field) {
        None | Some(Value::Null) => "-".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(items)) => {
            let words = items.iter().map(|item| match item {
                Value::String(text) => text.clone(),
                Value::Null
                | Value::Bool(_)
                | Value::Number(_)
                | Value::Array(_)
                | Value::Object(_) => item.to_string(),
            });
            words.collect::<Vec<_>>().join(" ")
        }
        Some(other @ (Value::Bool(_) | Value::Number(_) | Value::Object(_))) => other.to_string(),
    }
}
