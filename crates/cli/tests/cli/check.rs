//! `check`: verdicts without a gateway.

use serde_json::{Value, json};

use crate::support::Home;

fn answers(out: &str) -> Vec<Value> {
    out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn every_line_has_its_answer_in_order() {
    let home = Home::new();
    let long = "x".repeat(300);
    let cut =
        format!(r#"{{"id": 7, "command": "rm -rf '<b>' {long}", "render": "html", "limit": 200}}"#);
    let lines = [
        r#"{"id": "a", "command": "ls", "cwd": "/srv/site"}"#,
        r#"{"id": 2, "command": "rm -rf build"}"#,
        "no json",
        r#"["a list"]"#,
        r#"{"id": 5, "comand": "ls"}"#,
        r#"{"command": "ls"}"#,
        cut.as_str(),
        r#"{"id": 8, "command": "ls", "render": "fax"}"#,
    ];
    let said = home.cli_given(&["check", "--lines", "--no-config"], &lines.join("\n"));
    assert_eq!(said.code, Some(0), "{said:?}");
    let answers = answers(&said.out);
    assert_eq!(answers.len(), lines.len());
    assert_eq!(answers[0], json!({"id": "a", "verdict": "allow", "findings": []}));
    assert_eq!(answers[1]["id"], 2);
    assert_eq!(answers[1]["verdict"], "ask");
    for (field, kind) in [("id", "string"), ("severity", "string"), ("message", "string")] {
        assert!(answers[1]["findings"][0][field].is_string(), "{field} is a {kind}: {answers:?}");
    }
    assert_eq!(answers[1]["findings"][0]["span"].as_array().unwrap().len(), 2);
    for wrong in [&answers[2], &answers[3], &answers[4], &answers[7]] {
        assert!(wrong["error"].is_string() && wrong.get("verdict").is_none(), "{wrong}");
    }
    assert_eq!(answers[4]["id"], 5);
    assert_eq!(answers[5]["verdict"], "allow");
    assert!(answers[6]["rendered"].as_str().unwrap().contains("not shown"), "{answers:?}");
}

#[test]
fn the_policy_of_the_configuration_counts_and_can_be_left_out() {
    let home = Home::new().made();
    home.write_config("approvals:\n  deny: ['ls *']\n");
    assert_eq!(home.cli(&["check", "ls -l"]).code, Some(1));
    assert_eq!(home.cli(&["check", "ls"]).code, Some(0));
    assert_eq!(home.cli(&["check", "--no-config", "ls -l"]).code, Some(0));
    let said = home.cli(&["check", "--json", "ls -l"]);
    let answer: Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(answer["verdict"], "forbid");
    home.write_config("approvals:\n  dny: []\n");
    assert_eq!(home.cli(&["check", "ls"]).code, Some(2));
}

#[test]
fn a_command_is_explained_inert() {
    let home = Home::new();
    let said = home.cli(&["check", "--no-config", "rm -rf \u{1b}[2K x"]);
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.out.contains("⟨U+001B⟩") && !said.out.contains('\u{1b}'), "{said:?}");
}

#[test]
fn the_workspace_is_the_agent_s_and_the_rest_of_the_home_is_not() {
    let home = Home::new();
    home.up(&[]).terminate();
    let workspace = home.workspace();
    for (command, verdict) in [
        ("echo hi > note.txt", "allow"),
        ("rm ../countersign.db", "forbid"),
        ("rm -rf ..", "forbid"),
        ("echo 'approvals: {mode: off}' > ../config.yaml", "forbid"),
        ("echo '# hi' >> ../config.yaml", "ask"),
    ] {
        let args = ["check", "--json", "--cwd", workspace.to_str().unwrap(), command];
        let said = home.cli(&args);
        let answer: Value = serde_json::from_str(&said.out).unwrap();
        assert_eq!(answer["verdict"], verdict, "{command}: {said:?}");
    }
}
