//! Measures the engine: commands from a JSON-lines file (`{"command"}` a line), then long texts.
//!
//! `bench FILE` prints the median, the 99th percentile and the worst of the commands, and the time
//! for 128 KiB of several kinds of text.
#![expect(clippy::disallowed_methods, reason = "a measurement outside the crate")]

use std::io::Write;
use std::time::{Duration, Instant};

use countersign_command_risk::{Context, Engine, Policy};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut out = std::io::stdout().lock();
    let start = Instant::now();
    let engine = Engine::new(Policy::builtin());
    writeln!(out, "start of the engine: {:?}", start.elapsed())?;
    let ctx = Context {
        cwd: "/home/me/projects/app".into(),
        home: "/home/me".into(),
        workspace: None,
        user: "me".into(),
    };
    if let Some(path) = std::env::args().nth(1) {
        let text = std::fs::read_to_string(path)?;
        let mut times = Vec::new();
        for line in text.lines() {
            let row: serde_json::Value = serde_json::from_str(line)?;
            let command =
                row.get("command").and_then(serde_json::Value::as_str).unwrap_or_default();
            times.push(median(&engine, command, &ctx, 9));
        }
        times.sort();
        let at = |share: usize| {
            times.get(times.len().saturating_sub(1) * share / 1000).copied().unwrap_or_default()
        };
        writeln!(
            out,
            "{} commands: p50 {:?}, p99 {:?}, worst {:?}",
            times.len(),
            at(500),
            at(990),
            at(1000)
        )?;
    }
    for piece in [
        "a ",
        "ls; ",
        "cd x; ",
        "echo $(date) | wc\n",
        "$(",
        "x=$x$x;",
        "sudo ",
        "'quoted' ",
        "\u{e9}\u{202e}",
        "cat <<E\nx\nE\n",
        "f() { ls; }; f; ",
    ] {
        let text = piece.repeat(128 * 1024 / piece.len());
        writeln!(out, "128 KiB of {piece:?}: {:?}", median(&engine, &text, &ctx, 3))?;
    }
    Ok(())
}

fn median(engine: &Engine, command: &str, ctx: &Context, rounds: usize) -> Duration {
    let mut times: Vec<Duration> = (0..rounds)
        .map(|_| {
            let start = Instant::now();
            std::hint::black_box(engine.assess(command, ctx));
            start.elapsed()
        })
        .collect();
    times.sort();
    times.get(rounds / 2).copied().unwrap_or_default()
}
