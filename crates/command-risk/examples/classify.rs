//! Judges commands from JSON lines.
//!
//! Reads `{"id", "command", "cwd"}` a line on standard input and answers each with
//! `{"id", "verdict", "findings", "ns"}`. Options: `--self FILE` (the form of `risk.self`), `--home DIR`.

use std::io::{BufRead, Write};
use std::time::Instant;

use countersign_command_risk::{Context, Engine, Policy, SelfDescription};
use serde_json::{Value, json};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut policy = Policy::builtin();
    let mut home = "/home/me".to_owned();
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let value = arguments.next().ok_or("an option lacks its value")?;
        match argument.as_str() {
            "--self" => {
                let text = std::fs::read_to_string(value)?;
                policy = policy.with_self(serde_json::from_str::<SelfDescription>(&text)?);
            }
            "--home" => home = value,
            other => return Err(format!("unknown option `{other}`").into()),
        }
    }
    let engine = Engine::new(policy);
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let request: Value = serde_json::from_str(&line?)?;
        let text =
            |key: &str| request.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        let user = home.rsplit('/').next().unwrap_or("me").to_owned();
        let ctx = Context { cwd: text("cwd"), home: home.clone(), workspace: None, user };
        let command = text("command");
        #[expect(clippy::disallowed_methods, reason = "a measurement outside the crate")]
        let start = Instant::now();
        let analysis = engine.assess(&command, &ctx);
        let ns = u64::try_from(start.elapsed().as_nanos())?;
        let assessment = analysis.assessment();
        let findings: Vec<String> =
            assessment.findings().iter().map(|f| f.id.to_string()).collect();
        let answer = json!({"id": text("id"), "verdict": assessment.verdict().as_str(), "findings": findings, "ns": ns});
        writeln!(out, "{answer}")?;
        out.flush()?;
    }
    Ok(())
}
