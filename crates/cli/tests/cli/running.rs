//! A gateway that runs and stops.

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::support::{Home, until};

#[test]
fn the_start_says_where_it_is_and_what_is_unusual() {
    let home = Home::new();
    let args = ["up", "--listen", "127.0.0.1:0", "--set", "approvals.mode=off"];
    let mut child = home.command(&args).stderr(Stdio::null()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let told: Vec<String> = lines.by_ref().take_while(|line| !line.is_empty()).collect();
    let text = told.join("\n");
    for words in ["/sign-in?token=cs_link_", "rehearsal", "OFF: NOBODY IS ASKED", "first start"] {
        assert!(text.contains(words), "{words} in {text}");
    }
    let found: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(home.root().join("gateway.json")).unwrap())
            .unwrap();
    assert!(text.contains(found["url"].as_str().unwrap()), "{found} in {text}");
    assert!(!found["address"].as_str().unwrap().ends_with(":0"));
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn without_a_browser_link_there_is_none() {
    let home = Home::new();
    let args = ["up", "--listen", "127.0.0.1:0", "--no-browser-link"];
    let mut child = home.command(&args).stderr(Stdio::null()).spawn().unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let told: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
    assert!(!told.join("\n").contains("token="), "{told:?}");
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn a_drain_does_not_wait_longer_than_it_may_for_what_works() {
    let home = Home::new();
    let quick = ["--set", "approvals.mode=off", "--set", "gateway.drain_timeout=500ms"];
    let mut gateway = home.up(&quick);
    gateway.start("run touch began; sleep 600");
    until("the command runs", || home.workspace().join("began").exists());
    let begin = Instant::now();
    gateway.signal("-TERM");
    assert_eq!(gateway.wait().code(), Some(0));
    assert!(begin.elapsed() < Duration::from_secs(20), "{:?}", begin.elapsed());
}

#[test]
fn a_second_signal_ends_the_process_at_once() {
    let home = Home::new();
    let patient = ["--set", "approvals.mode=off", "--set", "gateway.drain_timeout=10m"];
    let mut gateway = home.up(&patient);
    gateway.start("run touch began; sleep 600");
    until("the command runs", || home.workspace().join("began").exists());
    gateway.signal("-INT");
    until("the gateway drains", || gateway.cli(&["runs", "list"]).code == Some(3));
    // Somebody presses Ctrl-C until it helps: what comes with the first press does not count.
    until("the gateway is cut off", || gateway.signal_again("-INT"));
    assert_eq!(gateway.wait().code(), Some(1));
}

#[test]
fn one_signal_that_comes_twice_at_once_lets_the_gateway_drain() {
    let home = Home::new();
    let mut gateway = home.up(&[]);
    gateway.signal("-TERM");
    gateway.signal_again("-TERM");
    assert_eq!(gateway.wait().code(), Some(0));
}

#[test]
fn a_pending_approval_outlives_the_process() {
    let home = Home::new();
    let gateway = home.up(&[]);
    std::fs::create_dir(home.workspace().join("old")).unwrap();
    let run = gateway.start("run rm -rf old");
    let id = gateway.pending(&run).remove(0);
    gateway.terminate();
    let gateway = home.up(&[]);
    assert_eq!(gateway.cli(&["approvals", "approve", &id]).code, Some(0));
    assert_eq!(gateway.ended(&run)["status"], "completed");
    assert!(!home.workspace().join("old").exists());
}

#[test]
fn a_sign_in_link_opens_the_page_once() {
    let home = Home::new();
    let gateway = home.up(&[]);
    let said = gateway.cli(&["sign-in"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(said.out.starts_with("http://127.0.0.1:"), "{said:?}");
    assert!(said.out.contains("/sign-in?token=cs_link_"), "{said:?}");
}

#[test]
fn without_a_gateway_commands_say_so() {
    let home = Home::new();
    for args in [["runs", "list"], ["approvals", "list"], ["rules", "list"]] {
        let said = home.cli(&args);
        assert_eq!(said.code, Some(3), "{said:?}");
        assert!(said.err.contains("countersign up"), "{said:?}");
    }
    let elsewhere = ["runs", "list", "--url", "http://127.0.0.1:9", "--key", "some-key-of-mine"];
    let said = home.cli(&elsewhere);
    assert_eq!(said.code, Some(3), "{said:?}");
}
