//! The configuration file: what is refused and how it is told, and how keys are changed.

use std::fs;

use crate::support::{Home, mode};

/// Files that must not be accepted.
const BAD: &[(&str, &str)] = &[
    ("an unknown section", "aprovals:\n  mode: manual\n"),
    ("an unknown key", "approvals:\n  mode: manual\n  time_out: 5m\n"),
    ("an unknown key far from its section", "timeout: 5m\n"),
    ("a word that is none", "# first\napprovals:\n  mode: sometimes\n"),
    ("a duration without a unit", "approvals:\n  timeout: 10\n"),
    ("a duration in words", "agent:\n  tool_timeout: two minutes\n"),
    ("a number that is none", "runs:\n  max_working: many\n"),
    ("a negative number", "agent:\n  max_steps: -1\n"),
    ("too small a number", "agent:\n  max_steps: 0\n"),
    ("a list instead of a value", "model:\n  model: [a, b]\n"),
    ("a value instead of a section", "approvals: off\n"),
    ("a number for a name", "model:\n  provider: openai\n  model: 4\n"),
    ("a missing name", "model:\n  provider: openai\n"),
    ("an address that is none", "model:\n  provider: openai\n  model: m\n  base_url: ftp://x\n"),
    (
        "two places for a secret",
        "model: {provider: openai, model: m, api_key: abcdefgh, api_key_env: K}\n",
    ),
    ("a secret of the wrong kind", "model:\n  api_key: 1234567890\n"),
    ("nobody to decide", "approvals:\n  approvers: []\n"),
    ("an approver that is none", "approvals:\n  approvers: [boss]\n"),
    ("a quorum of nobody", "approvals:\n  quorum: {critical: 0}\n"),
    ("a quorum out of reach", "approvals:\n  approvers: ['api:a']\n  quorum: {high: 2}\n"),
    (
        "a delegation without an end",
        "approvals:\n  delegates:\n    - {who: 'api:a', for: operator, until: tomorrow}\n",
    ),
    ("a channel that is none", "approvals:\n  channel: ops\n"),
    ("a key that has no effect there", "platforms:\n  api:\n    allow_from: [ann]\n"),
    ("nowhere to escalate to", "approvals:\n  escalate_after: 5m\n"),
    ("a rule that is none", "approvals:\n  deny:\n    - {kind: exec, comand: rm}\n"),
    ("a rule of an unknown kind", "approvals:\n  ask:\n    - {kind: dance}\n"),
    ("a finding that does not exist", "risk:\n  overrides:\n    fs.nothing: {verdict: ask}\n"),
    (
        "a milder verdict where none is allowed",
        "risk:\n  overrides:\n    fs.wipe_system: {verdict: ask}\n",
    ),
    ("a table that is not there", "risk:\n  tables: [/nonexistent/table.yaml]\n"),
    ("a key twice", "runs:\n  max_working: 1\n  max_working: 2\n"),
    ("two documents", "runs: {}\n---\nruns: {}\n"),
    ("no YAML", "approvals: [\n"),
    ("no mapping", "- a\n- b\n"),
    ("not text", "\u{0}\n"),
];

#[test]
fn what_is_wrong_is_told_with_file_line_key_value_and_what_is_accepted() {
    let home = Home::new().made();
    let mut told = String::new();
    for (what, text) in BAD {
        home.write_config(text);
        let said = home.cli(&["config", "check"]);
        assert_eq!(said.code, Some(2), "{what}: {said:?}");
        told.extend([*what, ":\n", &home.neutral(&said.err), "\n"]);
        let up = home.cli(&["up", "--listen", "127.0.0.1:0"]);
        assert_eq!(up.code, Some(2), "{what}: {up:?}");
    }
    insta::assert_snapshot!(told);
}

#[test]
fn a_bad_argument_is_told_by_name() {
    let home = Home::new().made();
    let mut told = String::new();
    for args in [
        &["--set", "approvals.mode"][..],
        &["--set", "approvals.mode=maybe"],
        &["--set", "approvals.mod=off"],
        &["--set", "approvals.deny=[a"],
        &["--set", "=1"],
        &["--set", "model.api_key=12345678"],
        &["--listen", "here"],
        &["--config", "/nonexistent/config.yaml"],
    ] {
        let said = home.cli(&[&["up"], args].concat());
        assert_eq!(said.code, Some(2), "{args:?}: {said:?}");
        told.push_str(&home.neutral(&said.err));
    }
    insta::assert_snapshot!(told);
}

#[test]
fn an_alias_bomb_is_refused() {
    let home = Home::new().made();
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for n in 1..9 {
        let again = vec![format!("*a{}", n - 1); 10].join(", ");
        bomb.extend([format!("a{n}: &a{n} [{again}]\n")]);
    }
    home.write_config(&bomb);
    let said = home.cli(&["config", "check"]);
    assert_eq!(said.code, Some(2), "{said:?}");
}

#[test]
fn a_section_that_is_all_comments_says_nothing() {
    let home = Home::new().made();
    home.write_config("approvals:\n  # mode: off\nruns:\n");
    assert_eq!(home.cli(&["config", "check"]).code, Some(0));
}

#[test]
fn off_is_a_mode_and_zero_is_for_ever() {
    let home = Home::new().made();
    home.write_config("approvals:\n  mode: off\n  timeout: 0\n  remind_after: 0\n");
    assert_eq!(home.cli(&["config", "get", "approvals.mode"]).out, "off\n");
    assert_eq!(home.cli(&["config", "check"]).code, Some(0));
    let set = ["config", "set", "approvals.mode", "off"];
    assert_eq!(home.cli(&set).code, Some(0));
    assert_eq!(home.cli(&["config", "get", "approvals.mode", "--json"]).json(), "off");
}

#[test]
fn set_keeps_comments_and_order() {
    let home = Home::new().made();
    let before = "# mine\nruns: # limits\n  max_working: 3 # few\n\n# asked whom\napprovals:\n  \
                  approvers: [operator] # me\n  timeout: 5m\n";
    home.write_config(before);
    for (key, value) in [("runs.max_working", "4"), ("approvals.deny", "['rm *', dd]")] {
        let said = home.cli(&["config", "set", key, value]);
        assert_eq!(said.code, Some(0), "{said:?}");
    }
    assert_eq!(home.cli(&["config", "unset", "approvals.timeout"]).code, Some(0));
    let file = home.root().join("config.yaml");
    insta::assert_snapshot!(fs::read_to_string(&file).unwrap());
    assert_eq!(mode(&file), 0o600);
}

#[test]
fn what_would_not_be_accepted_is_not_written() {
    let home = Home::new().made();
    let file = home.root().join("config.yaml");
    let before = fs::read_to_string(&file).unwrap();
    let mut told = String::new();
    for (key, value) in [
        ("approvals.mdoe", "off"),
        ("approvals.mode", "maybe"),
        ("approvals.approvers", "[boss]"),
        ("agent.max_steps", "0"),
        ("approvals.deny", "[a"),
        ("approvals", "off"),
        ("..", "1"),
    ] {
        let said = home.cli(&["config", "set", key, value]);
        assert_eq!(said.code, Some(2), "{key}: {said:?}");
        told.push_str(&home.neutral(&said.err));
    }
    // The new lines come after those of the template, which grows.
    let lines = before.lines().count();
    for more in 1..4 {
        let place = format!("config.yaml:{}:", lines + more);
        told = told.replace(&place, &format!("config.yaml:LAST+{more}:"));
    }
    insta::assert_snapshot!(told);
    assert_eq!(fs::read_to_string(&file).unwrap(), before);
}

#[test]
fn a_secret_is_not_shown() {
    let home = Home::new().made();
    home.write_config("model:\n  api_key: very-secret-key\n  headers: {X-Title: hidden-words}\n");
    let said = home.cli(&["config", "get"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(!said.out.contains("very-secret") && !said.out.contains("hidden-words"), "{said:?}");
}

#[test]
fn the_schema_and_the_place_of_the_file_are_told() {
    let home = Home::new();
    let schema = home.cli(&["config", "schema"]).json();
    assert!(schema["properties"]["approvals"].is_object(), "{schema}");
    let path = home.cli(&["config", "path"]);
    assert_eq!(home.neutral(&path.out), "HOME/config.yaml\n");
}

#[test]
fn whoever_changes_the_file_of_a_running_gateway_is_told_when_it_counts() {
    let home = Home::new();
    let gateway = home.up(&[]);
    for args in [
        &["config", "set", "approvals.timeout", "7m"][..],
        &["config", "unset", "approvals.timeout"],
    ] {
        let said = gateway.cli(args);
        assert_eq!(said.code, Some(0), "{said:?}");
        let words = format!("(pid {}) takes it at its next start", gateway.pid());
        assert!(said.err.contains(&words), "{said:?}");
    }
    gateway.terminate();
    let said = home.cli(&["config", "set", "approvals.timeout", "7m"]);
    assert_eq!(said.err, "");
}
