//! Conversations, as the command line shows them; manual pages.

use std::fs;

use crate::support::Home;

#[test]
fn what_was_said_in_a_session_is_shown() {
    let home = Home::new();
    let gateway = home.up(&[]);
    assert!(gateway.cli(&["sessions", "list"]).out.contains("nothing here"));
    let first = gateway.start("run echo one");
    gateway.ended(&first);
    let second = gateway.start_after(&first, "run printf '\\033[31mtwo'");
    gateway.ended(&second);
    let session = gateway.run(&first)["session_id"].as_str().unwrap().to_owned();
    let listed = gateway.cli(&["sessions", "list", "--json"]).json();
    assert_eq!(listed["data"][0]["session_id"], session.as_str());
    assert!(gateway.cli(&["sessions", "list"]).out.contains(&session));
    let shown = gateway.cli(&["sessions", "show", &session]);
    let place = |words: &str| shown.out.find(words).unwrap_or_else(|| panic!("{words}: {shown:?}"));
    assert!(place("run echo one") < place("run printf"), "{shown:?}");
    assert!(shown.out.contains("terminal: ok"), "{shown:?}");
    assert!(!shown.out.contains('\u{1b}'), "{shown:?}");
    let last = gateway.cli(&["sessions", "show", &session, "--runs", "1"]);
    assert!(last.out.contains("is left out") && !last.out.contains("echo one"), "{last:?}");
    let json = gateway.cli(&["sessions", "show", &session, "--json"]).json();
    assert_eq!(json["session"]["session_id"], session.as_str());
    assert!(json["messages"]["data"].as_array().unwrap().len() >= 4, "{json}");
    let none = gateway.cli(&["sessions", "show", "sess_00000000000000000000000000000000"]);
    assert_eq!(none.code, Some(1), "{none:?}");
    assert!(none.err.contains("session_not_found"), "{none:?}");
    assert_eq!(gateway.cli(&["sessions", "show", "x"]).code, Some(2));
}

#[test]
fn every_command_has_a_manual_page() {
    let home = Home::new();
    let said = home.cli(&["man"]);
    assert!(said.out.contains(".TH countersign 1") && said.out.contains("doctor"), "{said:?}");
    let dir = home.outside("man");
    assert_eq!(home.cli(&["man", "--dir", dir.to_str().unwrap()]).code, Some(0));
    for page in ["countersign", "countersign-up", "countersign-sessions-show"] {
        let text = fs::read_to_string(dir.join(format!("{page}.1"))).unwrap();
        assert!(text.contains("Example"), "{page}: {text}");
    }
}
