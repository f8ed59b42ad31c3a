//! Which crate may depend on which: the arrows of `ARCHITECTURE.md`.

use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

/// Normal dependencies among our own crates. `*` stands for all.
const ALLOWED: [(&str, &[&str]); 18] = [
    ("domain", &[]),
    ("command-risk", &["domain"]),
    ("ports", &["domain"]),
    ("gateway", &["ports", "command-risk", "domain"]),
    ("agent", &["ports", "domain"]),
    ("storage", &["ports", "domain"]),
    ("event-bus", &["ports", "domain"]),
    ("delivery", &["ports", "domain"]),
    ("plugins", &["ports", "domain"]),
    ("mattermost", &["ports", "domain"]),
    ("whatsapp-platform", &["ports", "domain"]),
    ("whatsapp-bridge", &[]),
    ("http-api", &["gateway", "ports", "domain"]),
    ("cli", &["*"]),
    ("test-kit", &["*"]),
    ("load", &["*"]),
    ("fakes", &[]),
    ("e2e", &["*"]),
];

/// Every dependency that the table does not allow.
pub(crate) fn problems() -> Result<Vec<String>> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version=1", "--no-deps", "--offline"])
        .output()
        .context("cargo metadata")?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout)?;
    let packages = metadata.get("packages").and_then(Value::as_array).context("packages")?;
    Ok(packages.iter().flat_map(problems_of).collect())
}

fn problems_of(package: &Value) -> Vec<String> {
    let Some(name) = text(package, "name").and_then(|name| name.strip_prefix("countersign-"))
    else {
        return Vec::new();
    };
    let Some((_, allowed)) = ALLOWED.iter().find(|(known, _)| *known == name) else {
        return vec![format!("the crate `{name}` has no line in the table of arrows")];
    };
    let dependencies = package.get("dependencies").and_then(Value::as_array);
    dependencies
        .into_iter()
        .flatten()
        .filter(|dependency| dependency.get("kind").is_none_or(Value::is_null))
        .filter_map(|dependency| text(dependency, "name")?.strip_prefix("countersign-"))
        .filter(|to| !allowed.contains(to) && !allowed.contains(&"*"))
        .map(|to| format!("`{name}` may not depend on `{to}`"))
        .collect()
}

fn text<'v>(value: &'v Value, key: &str) -> Option<&'v str> {
    value.get(key).and_then(Value::as_str)
}
