//! A file of card attacks, one JSON object a line: `attacks.jsonl` beside this one, or another.
//!
//! `COUNTERSIGN_CARDS=cards.jsonl cargo test -p countersign-command-risk --test cards corpus`

use std::collections::BTreeSet;

use countersign_command_risk::render::{Fit, Surface, block, visible};
use countersign_command_risk::{Analysis, Context, Engine, Policy};
use countersign_domain::digest::Digest;
use countersign_domain::redaction::Redactor;
use serde_json::Value;

use super::Card;
use super::reader::without_notes;

#[expect(clippy::disallowed_methods, reason = "the file is named by the one who runs the test")]
#[expect(clippy::print_stdout, reason = "the score is what the run is for")]
#[test]
fn every_attack_of_the_file_fails() {
    let file = match std::env::var("COUNTERSIGN_CARDS") {
        Ok(path) => std::fs::read_to_string(&path).expect("the file can be read"),
        Err(_) => include_str!("attacks.jsonl").to_owned(),
    };
    let engine = Engine::new(Policy::builtin());
    let mut broken = Vec::new();
    let (mut failed, mut tried) = (BTreeSet::new(), 0);
    let cases: Vec<&str> = file.lines().filter(|line| !line.trim().is_empty()).collect();
    for line in &cases {
        // What no JSON reader takes never becomes a request.
        let Ok(case) = serde_json::from_str::<Value>(line) else {
            continue;
        };
        let Some(attack) = Attack::of(&case, &engine) else {
            continue;
        };
        tried += 1;
        for surface in attack.surfaces() {
            for why in attack.broken_on(surface) {
                failed.insert(text(&case, "id").to_owned());
                broken.push(format!("{} {}: {why}", text(&case, "id"), text(&case, "attack")));
            }
        }
    }
    println!("{}/{} attacks fail as they should", cases.len() - failed.len(), cases.len());
    assert!(tried * 10 >= cases.len() * 9 && tried > 0, "only {tried} of {}", cases.len());
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

fn text<'c>(case: &'c Value, name: &str) -> &'c str {
    case.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn list<'c>(case: &'c Value, name: &str) -> Vec<&'c str> {
    let items = case.get(name).and_then(Value::as_array);
    items.into_iter().flatten().filter_map(Value::as_str).collect()
}

struct Attack<'c> {
    case: &'c Value,
    command: String,
    analysis: Analysis,
    card: Card,
}

impl<'c> Attack<'c> {
    /// The attack with its card; none where the request cannot even be read.
    fn of(case: &'c Value, engine: &Engine) -> Option<Self> {
        let command = match case.get("raw_json_command").and_then(Value::as_str) {
            Some(raw) => serde_json::from_str(raw)
                .or_else(|_| serde_json::from_str(&format!("\"{raw}\"")))
                .ok()?,
            None => match case.get("command_bytes_hex").and_then(Value::as_str) {
                Some(hex) => from_hex(hex)?,
                None => text(case, "command").to_owned(),
            },
        };
        let context = Context {
            cwd: "/home/ana/work/shop".into(),
            home: "/home/ana".into(),
            workspace: None,
            user: "ana".into(),
        };
        let analysis = engine.assess(&command, &context);
        let redactor = Redactor::new([]);
        let masked = |text: &str| redactor.redact(text).into_owned();
        let mut card = Card::new()
            .block("Command", &masked(&command))
            .line("Why", &masked(text(case, "description")))
            .line("Reason", &masked(text(case, "reason")));
        for (name, value) in case.as_object().into_iter().flatten() {
            let known = [
                "id",
                "attack",
                "field",
                "expectation",
                "command",
                "raw_json_command",
                "command_bytes_hex",
                "description",
                "reason",
            ];
            if let Some(value) = value.as_str().filter(|_| !known.contains(&name.as_str())) {
                card = card.line("Field", &masked(value));
            }
        }
        for revealed in analysis.revealed() {
            card = card.block("Decoded", &masked(&revealed.text));
        }
        Some(Self { case, command, analysis, card })
    }

    fn surfaces(&self) -> Vec<Surface> {
        let names = list(self.case, "surfaces");
        if names.contains(&"all") {
            return Surface::ALL.to_vec();
        }
        names.iter().map(|name| name.parse().expect("a known surface")).collect()
    }

    fn broken_on(&self, surface: Surface) -> Vec<String> {
        let mut broken = Vec::new();
        if let Err(why) = self.card.exact(surface) {
            broken.push(why);
        }
        let keep: Vec<_> = self.analysis.assessment().findings().iter().map(|f| f.span).collect();
        for fit in [Fit::WHOLE, Fit::within(1_500, &keep)] {
            let payload = self.card.payload(surface, fit);
            match self.card.seen(surface, fit) {
                Ok(seen) => broken.extend(self.unseen(surface, &seen.texts)),
                Err(why) => broken.push(why),
            }
            for raw in list(self.case, "must_not") {
                if payload.contains(raw) {
                    broken.push(format!("{surface}: sends {raw:?}"));
                }
            }
        }
        let invariants = list(self.case, "invariants");
        broken.extend(
            invariants
                .iter()
                .filter(|name| !self.holds(name, surface))
                .map(|name| format!("{surface}: {name}")),
        );
        broken
    }

    fn unseen(&self, surface: Surface, texts: &[String]) -> Vec<String> {
        let all = texts.join("\n");
        let bare = without_notes(&all);
        list(self.case, "must_show")
            .into_iter()
            .filter(|shown| !all.contains(shown) && !bare.contains(shown))
            .map(|shown| {
                format!(
                    "{surface}: does not show {shown:?}: {:?}",
                    all.chars().take(300).collect::<String>()
                )
            })
            .collect()
    }

    /// What the readers do not check by themselves.
    fn holds(&self, invariant: &str, surface: Surface) -> bool {
        let shown = self.card.payload(surface, Fit::WHOLE);
        match invariant {
            "confusable_marked" => {
                let all = format!("{}{}", self.command, text(self.case, "description"));
                let in_findings = self
                    .analysis
                    .assessment()
                    .findings()
                    .iter()
                    .any(|f| f.id.as_str() == "text.confusable");
                visible(&all) != all && (surface != Surface::Api || in_findings)
            }
            "truncation_marked" => {
                let cut = block(&self.command, surface, Fit::within(1_500, &[]));
                let hash = Digest::of(self.command.as_bytes()).short();
                cut.whole()
                    || (cut.text.contains("characters not shown") && cut.text.contains(&hash))
            }
            "decoded_shown" => !self.analysis.revealed().is_empty(),
            "masked_marked" => shown.contains("…("),
            "bound_to_bytes" => {
                let other = text(self.case, "second_command");
                Digest::of(other.as_bytes()) != Digest::of(self.command.as_bytes())
            }
            _ => true,
        }
    }
}

fn from_hex(hex: &str) -> Option<String> {
    let bytes =
        (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(hex.get(at..at + 2)?, 16).ok());
    String::from_utf8(bytes.collect::<Option<Vec<u8>>>()?).ok()
}
