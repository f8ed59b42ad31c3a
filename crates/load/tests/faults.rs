//! A short harm with the real program: what `countersign-load faults` does for hours, for seconds.

#![expect(clippy::expect_used, reason = "a test that cannot be set up fails where it is")]

use std::path::Path;
use std::process::Command;

fn holds(arguments: &[&str]) {
    let program = Path::new(env!("CARGO_BIN_EXE_countersign-load"));
    let beside = program.with_file_name("countersign");
    assert!(beside.is_file(), "build the program first: cargo build -p countersign-cli");
    let output = Command::new(program)
        .args(["faults", "--nodes", "3", "--people", "8", "--timeout", "6"])
        .args(arguments)
        .output()
        .expect("the program starts");
    let told = String::from_utf8_lossy(&output.stdout);
    let wrong = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}\n{wrong}");
    assert!(told.contains("| receipts verified |"), "{told}");
}

#[test]
fn nothing_is_lost_when_nodes_and_their_database_are_harmed() {
    holds(&["--store", "postgres", "--runs", "60", "--faults", "12", "--seed", "5"]);
}

#[test]
fn nothing_is_lost_when_nodes_share_a_file() {
    holds(&["--store", "sqlite", "--runs", "40", "--faults", "5", "--seed", "5"]);
}
