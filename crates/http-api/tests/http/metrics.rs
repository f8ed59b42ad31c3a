//! The figures of a node, and its readiness while it stops.

#![expect(clippy::float_cmp, reason = "counts are whole numbers, which these hold exactly")]

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::time::Duration;

use countersign_domain::access::Scope;
use countersign_domain::runs::Stream;
use countersign_ports::run_journal::RunJournal as _;
use serde_json::{Value, json};

use crate::house::{Answer, House, METRICS_TOKEN, OPERATOR_TOKEN, request_to};

/// Reads the text with the official parser and says each sample's name, labels and value.
const READER: &str = "
import json, sys
from prometheus_client.openmetrics.parser import text_string_to_metric_families as families
samples = [s for family in families(sys.stdin.read()) for s in family.samples]
print(json.dumps([[s.name, s.labels, s.value] for s in samples]))
";

/// A Python that has `prometheus_client`: `./test` makes one below `target/`.
fn python() -> &'static str {
    let own = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/tools/deploy/bin/python");
    let has = |python: &&str| {
        let outcome = Command::new(python).args(["-c", "import prometheus_client"]).output();
        outcome.is_ok_and(|outcome| outcome.status.success())
    };
    let found = [own, "python3", "/usr/bin/python3"].into_iter().find(has);
    found.expect("a Python with prometheus_client (./test installs it below target/tools)")
}

/// The samples as Prometheus' own client library reads them.
fn officially_read(text: &str) -> Vec<(String, Value, f64)> {
    let mut reader = Command::new(python())
        .args(["-c", READER])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    reader.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let output = reader.wait_with_output().unwrap();
    assert!(output.status.success(), "the official parser refuses:\n{text}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Every sample by its name and labels, as they are written.
async fn figures(house: &House) -> BTreeMap<String, f64> {
    let text = scrape(house).await;
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let read = |line: &str| {
        let (name, value) = line.rsplit_once(' ')?;
        // What could be absent is written as one with labels.
        Some((name.trim_end_matches("{}").to_owned(), value.parse().ok()?))
    };
    lines.map(|line| read(line).unwrap_or_else(|| panic!("{line}"))).collect()
}

async fn scrape(house: &House) -> String {
    // What the store said a moment ago would stand.
    house.clock.advance(Duration::from_secs(1));
    let request = house.with_key(METRICS_TOKEN, "GET", "/metrics").send().await.unwrap();
    assert_eq!(request.status(), 200);
    let kind = request.headers()["content-type"].to_str().unwrap().to_owned();
    assert_eq!(kind, "application/openmetrics-text; version=1.0.0; charset=utf-8");
    request.text().await.unwrap()
}

#[tokio::test]
async fn figures_move_as_things_happen() {
    let house = House::open().await;
    let before = figures(&house).await;
    assert_eq!(before["countersign_approvals_pending"], 0.0);
    assert_eq!(before["countersign_approvals_decided_total{choice=\"deny\"}"], 0.0);

    let run = house.run("do it").await;
    let (_, approval) = house.wants(run, request_to("a.example")).await;
    let mut feed = house.gateway.follow(Stream::Approvals, 0);
    assert_eq!(feed.next().await.unwrap().len(), 1);
    house.gateway.park(run, 0).await.unwrap();
    let asked = figures(&house).await;
    assert_eq!(asked["countersign_approvals_pending"], 1.0);
    assert_eq!(asked["countersign_streams_open{stream=\"approvals\"}"], 1.0);
    assert_eq!(asked["countersign_stream_events_delivered_total{stream=\"approvals\"}"], 1.0);
    assert_eq!(asked["countersign_runs_total{state=\"waiting_for_approval\"}"], 1.0);
    // A reply leaves the run in its state.
    assert_eq!(asked["countersign_runs_total{state=\"running\"}"], 1.0);
    let opened: f64 = ["none", "low", "medium", "high", "critical"]
        .map(|word| asked[&format!("countersign_approvals_opened_total{{severity=\"{word}\"}}")])
        .iter()
        .sum();
    assert_eq!(opened, 1.0);

    drop(feed);
    house.clock.advance(Duration::from_secs(40));
    let path = format!("/v1/approvals/{approval}/resolve");
    house.post(&path, json!({"choice": "deny"})).await.expect(200);
    let after = figures(&house).await;
    assert_eq!(after["countersign_approvals_pending"], 0.0);
    assert_eq!(after["countersign_streams_open{stream=\"approvals\"}"], 0.0);
    assert_eq!(after["countersign_approvals_decided_total{choice=\"deny\"}"], 1.0);
    assert_eq!(after["countersign_approval_decision_seconds_count"], 1.0);
    assert_eq!(after["countersign_approval_decision_seconds_bucket{le=\"30.0\"}"], 0.0);
    assert_eq!(after["countersign_approval_decision_seconds_bucket{le=\"60.0\"}"], 1.0);
    assert_eq!(after["countersign_audit_records_total{kind=\"approval.decided\"}"], 1.0);
    let units = "countersign_store_units_total{outcome=\"committed\"}";
    assert!(after[units] > asked[units] && asked[units] > before[units]);
    assert_eq!(after["countersign_store_commit_duration_seconds_count"], after[units]);
    for (name, value) in before.iter().filter(|(name, _)| name.contains("_total")) {
        assert!(after[name] >= *value, "{name} fell");
    }
}

#[tokio::test]
async fn the_official_parser_reads_the_figures_and_the_rules_name_only_what_there_is() {
    let house = House::open().await;
    let run = house.run("do it").await;
    house.wants(run, request_to("a.example")).await;
    let samples = officially_read(&scrape(&house).await);
    let version = json!({"version": env!("CARGO_PKG_VERSION")});
    assert!(samples.contains(&("countersign_build_info".to_owned(), version, 1.0)), "{samples:?}");
    assert!(samples.contains(&("countersign_approvals_pending".to_owned(), json!({}), 1.0)));
    for (name, labels, _) in &samples {
        assert!(name.starts_with("countersign_"), "{name}");
        assert!(labels.as_object().unwrap().len() <= 1, "{name}: {labels}");
    }
    assert!(samples.len() < 250, "a bound on the series of one node");

    let names: BTreeSet<&str> = samples.iter().map(|(name, _, _)| name.as_str()).collect();
    let documents = [
        include_str!("../../../../deploy/prometheus-rules.yaml"),
        include_str!("../../../../docs/operating.md"),
    ];
    for text in documents {
        let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
        for word in words.filter(|word| word.starts_with("countersign_")) {
            assert!(names.contains(word), "there is no `{word}`");
        }
    }
}

#[tokio::test]
async fn figures_are_for_operators_and_whoever_collects_them() {
    let house = House::open().await;
    let anonymous = Answer::of(house.anonymous("GET", "/metrics")).await;
    anonymous.refused(401, "unauthenticated", None);
    let wrong =
        Answer::of(house.with_key("metrics-of-the-tests-5b0c7a1f", "GET", "/metrics")).await;
    wrong.refused(401, "unauthenticated", None);
    let runs = house.key("runs", &[Scope::Runs, Scope::ApprovalsDecide]).await;
    let runs = Answer::of(house.with_key(&runs, "GET", "/metrics")).await;
    runs.refused(403, "insufficient_scope", None);
    let audit = house.key("audit", &[Scope::Audit]).await;
    for key in [METRICS_TOKEN, OPERATOR_TOKEN, &audit] {
        let answer = house.with_key(key, "GET", "/metrics").send().await.unwrap();
        assert_eq!(answer.status(), 200);
    }
    // The token opens nothing else, and stands for nobody.
    for path in ["/v1/runs", "/v1/audit", "/v1/nodes", "/v1/approvals"] {
        let answer = Answer::of(house.with_key(METRICS_TOKEN, "GET", path)).await;
        answer.refused(401, "unauthenticated", None);
    }
}

#[tokio::test]
async fn figures_can_be_had_while_the_store_does_not_answer() {
    let house = House::open().await;
    assert_eq!(figures(&house).await["countersign_store_up"], 1.0);
    house.store.close().await;
    let figures = figures(&house).await;
    assert_eq!(figures["countersign_store_up"], 0.0);
    // Nothing is said rather than something old.
    assert!(!figures.contains_key("countersign_approvals_pending"));
    let key = Answer::of(house.operator("GET", "/v1/runs")).await;
    key.refused(503, "store_unavailable", None);
}

#[tokio::test]
async fn a_node_that_is_about_to_stop_is_not_ready_and_works_on() {
    let house = House::open().await;
    Answer::of(house.anonymous("GET", "/health/ready")).await.expect(200);
    house.gateway.announce_stop();
    let ready = Answer::of(house.anonymous("GET", "/health/ready")).await;
    ready.refused(503, "draining", None);
    Answer::of(house.anonymous("GET", "/health")).await.expect(200);
    house.run("do it all the same").await;
    assert_eq!(figures(&house).await["countersign_node_draining"], 1.0);
}
