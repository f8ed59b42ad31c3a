//! The official OpenAI clients, as their makers publish them, against the real program.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context as _, Result, bail, ensure};
use countersign_e2e::{API_KEY, Gateway};
use serde_json::{Value, json};
use tokio::process::Command;

/// Where `./test` has put them.
fn tools() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/tools")
}

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/openai").join(name)
}

fn javascript() -> Result<Command> {
    let installed = tools().join("openai-js");
    let there = installed.join("node_modules/openai").exists();
    ensure!(there, "OpenAI's JavaScript client is not installed: ./test installs it");
    let mut command = Command::new("node");
    command.arg(script("client.mjs")).arg(installed);
    Ok(command)
}

fn python() -> Result<Command> {
    let program = tools().join("openai-python/bin/python");
    ensure!(program.exists(), "OpenAI's Python client is not installed: ./test installs it");
    let mut command = Command::new(program);
    command.arg(script("client.py"));
    Ok(command)
}

/// What a client reports, while somebody approves what its agent wants to write.
async fn report(mut client: Command) -> Result<Value> {
    let gateway = Gateway::start(&[]).await?;
    let place = json!({
        "url": gateway.url(""),
        "key": API_KEY,
        "write": gateway.write_outside("from a client"),
    });
    client.arg(place.to_string()).stdin(Stdio::null()).kill_on_drop(true);
    let approving = async {
        let pending = gateway.pending(1).await?;
        gateway.resolve(pending.first().context("an approval")?, "once").await
    };
    let (output, approved) = tokio::join!(client.output(), approving);
    let output = output?;
    if !output.status.success() {
        bail!("{}", String::from_utf8_lossy(&output.stderr));
    }
    approved?;
    ensure!(gateway.written_outside().as_deref() == Some("from a client"), "nothing was written");
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// What both report.
fn expected() -> Value {
    json!({
        "models": ["model", "model"],
        "chat": ["chat.completion", "hello", "stop"],
        "chatUsage": true,
        "chatStream": [true, ["stop"], true],
        "approved": true,
        "response": ["completed", "hello"],
        "next": ["again", true],
        "read": "hello",
        "responseStream": [true, "completed", true],
        "deleted": ["NotFoundError", 404, "response_not_found", null],
        "noModel": ["NotFoundError", 404, "model_not_found", "/model"],
        "noMessages": ["BadRequestError", 400, "invalid_value", "/messages"],
        "noKey": ["AuthenticationError", 401, "unauthenticated", null],
        "failed": ["InternalServerError", 502, "agent_incomplete", null],
        "failedStream": ["APIError", null, "model_refused", null],
    })
}

#[tokio::test]
async fn the_official_javascript_client_works_as_it_is() -> Result<()> {
    assert_eq!(report(javascript()?).await?, expected());
    Ok(())
}

#[tokio::test]
async fn the_official_python_client_works_as_it_is() -> Result<()> {
    assert_eq!(report(python()?).await?, expected());
    Ok(())
}
