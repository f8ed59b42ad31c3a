//! What operators are given: example configurations, health, draining, keys that nodes share.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::support::{Home, set_mode, until};

/// Every configuration below `deploy/`.
fn configurations() -> Vec<PathBuf> {
    let deploy = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy");
    let folders = std::fs::read_dir(deploy).unwrap();
    let files = folders.map(|folder| folder.unwrap().path().join("config.yaml"));
    files.filter(|file| file.exists()).collect()
}

#[test]
fn every_example_configuration_would_be_taken() {
    let home = Home::new().made();
    let files = configurations();
    assert!(files.len() >= 3, "{files:?}");
    for file in files {
        home.write_config(&std::fs::read_to_string(&file).unwrap());
        let said = home.cli(&["config", "check"]);
        assert_eq!(said.code, Some(0), "{}: {said:?}", file.display());
    }
}

#[test]
fn health_says_whether_the_gateway_can_work() {
    let home = Home::new();
    assert_eq!(home.cli(&["health"]).code, Some(3));
    let gateway = home.up(&[]);
    let said = home.cli(&["health"]);
    assert_eq!((said.code, said.out.as_str()), (Some(0), "ready, bus alone\n"), "{said:?}");
    gateway.terminate();
    assert_eq!(home.cli(&["health"]).code, Some(3));
}

#[test]
fn a_gateway_that_is_told_to_stop_says_so_and_works_on_for_its_notice() {
    let home = Home::new();
    // Only a second signal ends so long a notice.
    let mut gateway = home.up(&["--set", "gateway.drain_notice=10m"]);
    gateway.signal("-TERM");
    until("it says that it is not ready", || home.cli(&["health"]).code == Some(1));
    let said = home.cli(&["health", "--json"]);
    let told: Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(told["status"], "draining");
    let run = gateway.start("run echo still at work");
    assert_eq!(gateway.ended(&run)["status"], "completed");
    until("a second signal ends it", || gateway.signal_again("-TERM"));
}

#[test]
fn signing_keys_are_made_once_for_all_nodes() {
    let (first, second) = (Home::new().made(), Home::new().made());
    let made = first.cli(&["keys", "generate"]);
    assert_eq!(made.code, Some(0), "{made:?}");
    assert_ne!(made.out, first.cli(&["keys", "generate"]).out);
    let mut published = Vec::new();
    for home in [&first, &second] {
        let file = home.root().join("signing-keys.json");
        std::fs::write(&file, &made.out).unwrap();
        set_mode(&file, 0o600);
        let rotated = home.cli(&["keys", "rotate", "--json"]).json();
        published.push(rotated["keys"].as_array().unwrap().last().unwrap().clone());
    }
    // What was the key of one was the key of the other.
    assert_eq!(published[0]["kid"], published[1]["kid"], "{published:?}");
}
