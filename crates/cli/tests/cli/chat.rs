//! `chat` without a person at the terminal, and without a gateway.

use std::fs;

use crate::support::Home;

#[test]
fn one_message_without_a_gateway_runs_one_for_as_long_as_it_takes() {
    let home = Home::new();
    let said = home.cli(&["chat", "run ls\nfare well"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    for words in ["→ terminal  ls", "← terminal  ok"] {
        assert!(said.out.contains(words), "{words} in {said:?}");
    }
    assert!(!home.root().join("gateway.json").exists());
    assert_eq!(home.cli(&["runs", "list"]).code, Some(3));
}

#[test]
fn nothing_on_standard_input_approves_anything() {
    let home = Home::new();
    let gateway = home.up(&[]);
    fs::create_dir(home.workspace().join("old")).unwrap();
    let said = home.cli_given(&["chat", "run rm -rf old"], "once\nonce\nalways\n\n");
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.err.contains("countersign approvals approve appr_"), "{said:?}");
    let list = gateway.cli(&["approvals", "list", "--status", "pending", "--json"]).json();
    assert_eq!(list["data"].as_array().unwrap().len(), 1);
    assert!(home.workspace().join("old").exists());
}

#[test]
fn a_conversation_from_a_pipe_goes_on_in_one_session() {
    let home = Home::new();
    let gateway = home.up(&[]);
    let said = home.cli_given(&["chat"], "hello\nrun ls\n/quit\nnever said\n");
    assert_eq!(said.code, Some(0), "{said:?}");
    let runs = gateway.cli(&["runs", "list", "--json"]).json();
    let runs = runs["data"].as_array().unwrap();
    assert_eq!(runs.len(), 2, "{runs:?}");
    assert_eq!(runs[0]["session_id"], runs[1]["session_id"]);
}

#[test]
fn a_question_of_the_agent_is_answered_by_name() {
    let home = Home::new();
    let gateway = home.up(&[]);
    let said = home.cli(&["chat", "ask which one?"]);
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.err.contains("countersign runs answer run_"), "{said:?}");
    let runs = gateway.cli(&["runs", "list", "--json"]).json();
    let run = runs["data"][0]["run_id"].as_str().unwrap();
    assert_eq!(gateway.cli(&["runs", "answer", run, "the blue one"]).code, Some(0));
    let ended = gateway.ended(run);
    assert!(ended["output"].as_str().unwrap().contains("the blue one"), "{ended}");
}

#[test]
fn slash_commands_are_answered_by_the_gateway() {
    let home = Home::new();
    let lines = "/title Deploys\nhello\n/status\n/whoami\n/nonsense\n/quit\n";
    let said = home.cli_given(&["chat"], lines);
    assert_eq!(said.code, Some(0), "{said:?}");
    for told in ["is now called Deploys", "The agent is idle", "Tier: admin", "User: operator"] {
        assert!(said.out.contains(told), "{told}: {said:?}");
    }
}
