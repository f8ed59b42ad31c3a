//! `chat` without a person at the terminal, and without a gateway.

use std::fs;

use crate::support::{Home, set_mode};

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

#[test]
fn a_command_of_a_plugin_is_there_as_long_as_the_plugin_is() {
    let home = Home::new();
    let gateway = home.up(&[]);
    gateway.terminate();
    let folder = home.root().join("plugins");
    fs::create_dir(&folder).unwrap();
    let script = r#"#!/bin/sh
echo '{"type":"register","name":"weather","description":"Tells the weather."}'
while read line; do
  case $line in *'"call"'*)
    id=${line#*\"id\":}; echo "{\"type\":\"answer\",\"id\":${id%%,*},\"text\":\"sunny\"}";;
  esac
done"#;
    fs::write(folder.join("sky"), script).unwrap();
    set_mode(&folder.join("sky"), 0o700);
    let _gateway = home.up(&[]);
    for _ in 0..100 {
        let said = home.cli(&["chat", "/weather"]);
        if said.out.contains("sunny") {
            return;
        }
    }
    panic!("the plugin never answered");
}

#[test]
fn a_restart_goes_on_in_the_same_process() {
    let home = Home::new();
    // Where nothing would restart it, it is said so.
    assert!(home.cli(&["chat", "/restart"]).out.contains("ends with its terminal"));
    let gateway = home.up(&[]);
    let announced = || fs::read_to_string(home.root().join("gateway.json")).unwrap_or_default();
    let before = announced();
    let said = home.cli(&["chat", "/restart"]);
    assert!(said.out.contains("restarts once"), "{said:?}");
    let begun = std::time::Instant::now();
    while announced() == before || announced().is_empty() {
        assert!(begun.elapsed().as_secs() < 60, "it never came back");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let now: serde_json::Value = serde_json::from_str(&announced()).unwrap();
    assert_eq!(now["pid"].to_string(), gateway.pid().to_string());
    assert_eq!(gateway.cli(&["runs", "list"]).code, Some(0));
    gateway.terminate();
}

#[test]
fn nobody_waits_to_be_let_in() {
    let home = Home::new();
    let gateway = home.up(&[]);
    let listed = gateway.cli(&["pairings", "list"]);
    assert!(listed.out.contains("nobody waits"), "{listed:?}");
    let refused = gateway.cli(&["pairings", "approve", "K7QM-2XWD"]);
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(refused.err.contains("nobody waits with the code"), "{refused:?}");
    assert_eq!(gateway.cli(&["pairings", "approve", "nonsense"]).code, Some(2));
}
