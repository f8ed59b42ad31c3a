//! Measures masking, and fails where it is slower than promised: 128 KiB of whatever text take at
//! most 20 ms of processor time, and the time grows with the length only.
//!
//! `cargo run --release -p countersign-domain --example redaction`

use std::io::Write;
use std::time::Duration;

use countersign_domain::redaction::{Redactor, rules};
use rustix::time::{ClockId, clock_gettime};

const LONG: usize = 128 * 1024;
const LIMIT: Duration = Duration::from_millis(20);
/// 128 KiB may take this many times as long as 32 KiB; linear is 4, the rest is noise.
const RATIO_LIMIT: f64 = 8.0;

/// The time this thread has had on the processor.
fn spent() -> Duration {
    Duration::try_from(clock_gettime(ClockId::ThreadCPUTime)).unwrap_or_default()
}

fn kinds() -> Vec<(&'static str, String)> {
    let table = include_str!("../src/redaction/rules.txt");
    let words = |key: &str| {
        let lines = table.lines().filter_map(|line| line.strip_prefix(key));
        lines.map(str::trim).collect::<Vec<_>>().join(" ").replace("\\s", " ")
    };
    let line = |text: &str| format!("{text}\n");
    vec![
        ("prose", line("The quick brown fox jumps over the lazy dog, again and again.")),
        ("code", line("fn token(&self) -> Result<Token, Error> { self.inner.token(self.key) }")),
        ("every word of the rules", line(&words("near"))),
        ("every word and half a secret", words("near").replace(' ', "abcdefgh12345678 ")),
        ("access keys", line(&format!("AKIA{}", "ABCDEFGHIJ123456"))),
        ("access keys without a boundary", format!("AKIA{}", "ABCDEFGHIJ123456")),
        ("assignments", line(&format!("password={}", "Abcdefg1"))),
        ("assignments to functions", line(&format!("password={}(", "Abcdefg1"))),
        ("headers", line(&format!("Authorization: Bearer {}", "abcdefgh12345678abcdefgh"))),
        ("addresses", line(&format!("https://ana:{}@a.test/", "hunter2"))),
        ("addresses without an end", "://a:".to_owned()),
        ("beginnings of keys", "-----BEGIN PRIVATE KEY-----\n".to_owned()),
        ("keys without an end", format!("-----BEGIN PRIVATE KEY-----\n{}\n", "a1b2c3d4".repeat(8))),
        ("two letters of a bot token", "MT".to_owned()),
        ("parts of a bot token", format!("MT{}.", "abcdefghijklmnopqrstuvwx")),
        ("parts of a web token", "eyJabcdefghijk.".to_owned()),
        ("one letter", "a".to_owned()),
        ("letters and digits", "0123456789abcdef".to_owned()),
        ("blanks", " ".to_owned()),
        ("names and blanks", "datadog                        ".to_owned()),
        ("own secrets", line("hunter2-hunter2-hunter2")),
        ("beginnings of own secrets", "hunter2-hunter2-hunter1".to_owned()),
    ]
}

fn time(redactor: &Redactor, text: &str) -> Duration {
    let runs = (0..5).map(|_| {
        let start = spent();
        std::hint::black_box(redactor.redact(text));
        spent().saturating_sub(start)
    });
    runs.min().unwrap_or_default()
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut out = std::io::stdout().lock();
    let own = (0..10).map(|n| format!("a secret of this gateway, number {n}"));
    let redactor = Redactor::new(own.chain(["hunter2-hunter2-hunter2".to_owned()]));
    writeln!(out, "{} rules", rules().len())?;
    let start = spent();
    redactor.redact("nothing");
    writeln!(out, "first use: {:?}", spent().saturating_sub(start))?;
    let mut broken = Vec::new();
    for (name, unit) in kinds() {
        let text: String = unit.chars().cycle().take(LONG).collect();
        redactor.redact(&text);
        let long = time(&redactor, &text);
        let short = time(&redactor, text.get(..LONG / 4).unwrap_or_default());
        let ratio = long.as_secs_f64() / short.as_secs_f64().max(1e-9);
        writeln!(out, "{:>9.3} ms  x{ratio:<5.1} {name}", long.as_secs_f64() * 1e3)?;
        let slow = long > LIMIT || (ratio > RATIO_LIMIT && long > LIMIT / 20);
        broken.extend(slow.then_some(name));
    }
    if broken.is_empty() { Ok(()) } else { Err(format!("too slow: {}", broken.join(", ")).into()) }
}
