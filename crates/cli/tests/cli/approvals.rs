//! Approvals decided from the command line, in every way that they can end.

use std::fs;
use std::process::Stdio;

use serde_json::Value;

use crate::support::{Gateway, Home, until};

/// A directory in the workspace whose removal needs a person.
fn precious(home: &Home, name: &str) -> std::path::PathBuf {
    let path = home.workspace().join(name);
    fs::create_dir(&path).unwrap();
    path
}

fn tool_results(run: &Value) -> String {
    run["output"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn once_runs_it_once_and_asks_again() {
    let home = Home::new();
    let gateway = home.up(&[]);
    let old = precious(&home, "old");
    let run = gateway.start("run rm -rf old");
    let id = gateway.pending(&run).remove(0);
    let said = gateway.cli(&["approvals", "approve", &id]);
    assert_eq!(said.code, Some(0), "{said:?}");
    for words in ["│ rm -rf old", "this action only", "approved (once)", "digest"] {
        assert!(said.out.contains(words), "{words} in {said:?}");
    }
    assert_eq!(gateway.ended(&run)["status"], "completed");
    assert!(!old.exists());
    let approval = gateway.approval(&id);
    assert_eq!(approval["decision"]["by"], "operator");
    assert_eq!(approval["outcome"]["status"], "ok");
    let again = gateway.start_after(&run, "run rm -rf old");
    assert_eq!(gateway.pending(&again).len(), 1);
}

#[test]
fn session_covers_the_session_and_no_other() {
    let home = Home::new();
    let gateway = home.up(&[]);
    let file = home.outside("note");
    let write = format!("write {} | one", file.display());
    let run = gateway.start(&write);
    let id = gateway.pending(&run).remove(0);
    let said = gateway.cli(&["approvals", "approve", &id, "--session", "--reason", "fine"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert_eq!(gateway.ended(&run)["status"], "completed");
    let same = gateway.start_after(&run, &write.replace("one", "two"));
    assert_eq!(gateway.ended(&same)["status"], "completed");
    assert!(fs::read_to_string(&file).unwrap().contains("two"));
    let other = gateway.start(&write);
    assert_eq!(gateway.pending(&other).len(), 1);
}

#[test]
fn always_covers_every_session_until_it_is_revoked() {
    let home = Home::new();
    let gateway = home.up(&[]);
    let write = format!("write {} | one", home.outside("note").display());
    let run = gateway.start(&write);
    let id = gateway.pending(&run).remove(0);
    let said = gateway.cli(&["approvals", "approve", &id, "--always"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert_eq!(gateway.ended(&run)["status"], "completed");
    let other = gateway.start(&write);
    assert_eq!(gateway.ended(&other)["status"], "completed");
    let rules = gateway.cli(&["rules", "list", "--json"]).json();
    let rule = rules["data"][0]["rule_id"].as_str().unwrap().to_owned();
    assert_eq!(gateway.cli(&["rules", "revoke", &rule]).code, Some(0));
    let last = gateway.start(&write);
    assert_eq!(gateway.pending(&last).len(), 1);
}

#[test]
fn deny_keeps_it_from_running_and_tells_the_agent_why() {
    let home = Home::new();
    let gateway = home.up(&[]);
    let old = precious(&home, "old");
    let run = gateway.start("run rm -rf old");
    let id = gateway.pending(&run).remove(0);
    let said = gateway.cli(&["approvals", "deny", &id, "--reason", "use a branch"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    let results = tool_results(&gateway.ended(&run));
    assert!(results.contains("denied") && results.contains("use a branch"), "{results}");
    assert!(old.exists());
}

#[test]
fn silence_is_no_consent() {
    let home = Home::new();
    let gateway = home.up(&["--set", "approvals.timeout=1s"]);
    let old = precious(&home, "old");
    let said = gateway.cli(&["runs", "start", "run rm -rf old", "--wait"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(said.out.contains("expired"), "{said:?}");
    assert!(old.exists());
    let list = gateway.cli(&["approvals", "list", "--status", "expired", "--json"]).json();
    let id = list["data"][0]["approval_id"].as_str().unwrap();
    let late = gateway.cli(&["approvals", "approve", id]);
    assert_eq!(late.code, Some(1), "{late:?}");
    assert!(late.err.contains("expired"), "{late:?}");
}

#[test]
fn a_stopped_run_cancels_what_it_asked() {
    let home = Home::new();
    let gateway = home.up(&[]);
    let old = precious(&home, "old");
    let run = gateway.start("run rm -rf old");
    let id = gateway.pending(&run).remove(0);
    assert_eq!(gateway.cli(&["runs", "stop", &run]).code, Some(0));
    assert_eq!(gateway.ended(&run)["status"], "cancelled");
    assert_eq!(gateway.approval(&id)["status"], "cancelled");
    assert!(old.exists());
}

#[test]
fn who_comes_second_is_told_who_was_first() {
    let home = Home::new();
    let gateway = home.up(&[]);
    precious(&home, "old");
    let made = gateway.cli(&["keys", "create", "bob", "--scope", "approvals:decide", "--json"]);
    let key = made.json()["secret"].as_str().unwrap().to_owned();
    let run = gateway.start("run rm -rf old");
    let id = gateway.pending(&run).remove(0);
    let bob = gateway.cli(&["approvals", "deny", &id, "--reason", "no", "--key", &key]);
    assert_eq!(bob.code, Some(0), "{bob:?}");
    let said = gateway.cli(&["approvals", "approve", &id]);
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.err.contains("already denied by api:bob: no"), "{said:?}");
}

#[test]
fn the_second_of_two_can_be_decided_first() {
    let home = Home::new();
    let gateway = home.up(&[]);
    let (one, two) = (precious(&home, "one"), precious(&home, "two"));
    let run = gateway.start("run& rm -rf one\nrun& rm -rf two");
    until("both are pending", || gateway.pending(&run).len() == 2);
    let ids = gateway.pending(&run);
    let second = ids.iter().find(|id| gateway.approval(id)["command"] == "rm -rf two").unwrap();
    let first = ids.iter().find(|id| *id != second).unwrap();
    assert_eq!(gateway.cli(&["approvals", "approve", second]).code, Some(0));
    until("the second has run", || !two.exists());
    assert_eq!(gateway.approval(first)["status"], "pending");
    assert!(one.exists());
    assert_eq!(gateway.cli(&["approvals", "deny", first]).code, Some(0));
    assert_eq!(gateway.ended(&run)["status"], "completed");
    assert!(one.exists());
}

#[test]
fn what_deceives_on_a_terminal_is_shown_as_an_escape() {
    let home = Home::new();
    let gateway = home.up(&[]);
    let run = gateway.start("run rm -rf a\u{1b}[2K\u{202e}b");
    let id = gateway.pending(&run).remove(0);
    let card = gateway.cli(&["approvals", "show", &id]);
    assert!(card.out.contains("⟨U+001B⟩") && card.out.contains("⟨U+202E⟩"), "{card:?}");
    let list = gateway.cli(&["approvals", "list"]);
    for said in [card, list] {
        assert!(!said.out.contains(['\u{1b}', '\u{202e}']), "{said:?}");
    }
}

/// The inbox with what is typed into it; what it said at its end.
fn watch(gateway: &Gateway<'_>, typed: impl FnOnce(&mut dyn std::io::Write)) -> String {
    let mut command = gateway.home.command(&["approvals", "watch"]);
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    typed(&mut stdin);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_inbox_shows_what_comes_and_takes_typed_answers() {
    let home = Home::new();
    let gateway = home.up(&[]);
    let old = precious(&home, "old");
    let run = gateway.start("run rm -rf old");
    let id = gateway.pending(&run).remove(0);
    let told = watch(&gateway, |typed| {
        writeln!(typed, "\n\nyes\napprove\napprove {id}").unwrap();
        until("it ran", || !old.exists());
        let new = precious(&home, "new");
        let run = gateway.start("run rm -rf new");
        let id = gateway.pending(&run).remove(0);
        // The card may still be on its way to the inbox: what is not shown cannot be decided.
        until("it is decided", || {
            writeln!(typed, "deny {id} not now").unwrap();
            gateway.approval(&id)["status"] == "denied"
        });
        assert!(new.exists());
        writeln!(typed, "quit").unwrap();
    });
    for words in
        ["│ rm -rf old", "│ rm -rf new", "`yes` is not understood", "`approve` needs an id"]
    {
        assert!(told.contains(words), "{words} in {told}");
    }
    assert_eq!(gateway.approval(&id)["decision"]["choice"], "once");
}

#[test]
fn empty_lines_and_other_words_approve_nothing_in_the_inbox() {
    let home = Home::new();
    let gateway = home.up(&[]);
    precious(&home, "old");
    let run = gateway.start("run rm -rf old");
    let id = gateway.pending(&run).remove(0);
    watch(&gateway, |typed| writeln!(typed, "\n\ny\nyes\nok\nonce\napprove\nquit").unwrap());
    assert_eq!(gateway.approval(&id)["status"], "pending");
}

#[test]
fn a_card_counts_identical_calls_and_shows_what_was_denied_before() {
    let home = Home::new();
    let gateway = home.up(&[]);
    let old = precious(&home, "old");
    let run = gateway.start("run& rm -rf old\nrun& rm -rf old\nrun find old -delete");
    let id = gateway.pending(&run).remove(0);
    let shown = gateway.cli(&["approvals", "show", &id]);
    assert!(shown.out.contains("2 identical calls wait for this"), "{shown:?}");
    let said = gateway.cli(&["approvals", "deny", &id, "--reason", "keep it"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    let again = gateway.pending(&run).remove(0);
    let shown = gateway.cli(&["approvals", "show", &again]);
    assert!(
        shown.out.contains("the same effect by other means was denied by operator"),
        "{shown:?}"
    );
    assert!(shown.out.contains("keep it"), "{shown:?}");
    assert!(old.exists());
}

#[test]
fn a_vote_that_does_not_decide_says_so() {
    let home = Home::new();
    let gateway = home.up(&["--set", "approvals.quorum.low=2"]);
    precious(&home, "old");
    let run = gateway.start("run rm -rf old");
    let id = gateway.pending(&run).remove(0);
    let said = gateway.cli(&["approvals", "approve", &id]);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(said.out.contains("voted") && said.out.contains("1 of 2 votes"), "{said:?}");
    assert_eq!(gateway.approval(&id)["status"], "pending");
}

/// A request that waits for a person: its id, and what it would send.
fn request(gateway: &Gateway<'_>) -> String {
    let run = gateway.start("post https://hooks.example.com/deploy | hello");
    gateway.pending(&run).remove(0)
}

#[test]
fn a_draft_is_edited_from_a_file_or_standard_input() {
    let home = Home::new();
    let gateway = home.up(&[]);
    let id = request(&gateway);
    let file = home.outside("new.txt");
    fs::write(&file, "good bye").unwrap();
    let before = gateway.approval(&id);
    let said = gateway.cli(&["approvals", "edit", &id, "--content", file.to_str().unwrap()]);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(said.out.contains("│ good bye") && said.out.contains("edited"), "{said:?}");
    let after = gateway.approval(&id);
    assert_eq!(after["draft"], "good bye");
    assert_ne!(after["digest"], before["digest"]);
    assert_eq!(after["status"], "pending");
    let said = home.cli_given(&["approvals", "edit", &id, "--content", "-", "--json"], "third");
    assert_eq!(said.json()["approval"]["draft"], "third");
    let same = home.cli_given(&["approvals", "edit", &id, "--content", "-"], "third");
    assert!(same.code == Some(0) && same.out.contains("unchanged"), "{same:?}");
}

#[test]
fn a_draft_is_edited_in_the_persons_editor_in_a_private_file() {
    let home = Home::new();
    let gateway = home.up(&[]);
    let id = request(&gateway);
    let seen = home.outside("seen");
    let editor = home.outside("editor");
    fs::write(&editor, "#!/bin/sh\nstat -c %a \"$2\" > \"$1\"\nsed -i s/hello/bye/ \"$2\"\n")
        .unwrap();
    let command = format!("sh {} {}", editor.display(), seen.display());
    let said = |editor: &str| {
        let mut edit = home.command(&["approvals", "edit", &id]);
        edit.env("EDITOR", editor).env_remove("VISUAL").output().unwrap()
    };
    assert!(said(&command).status.success());
    assert_eq!(fs::read_to_string(&seen).unwrap(), "600\n");
    assert_eq!(gateway.approval(&id)["draft"], "bye");
    // An editor that fails changes nothing.
    assert_eq!(said("false").status.code(), Some(1));
    assert_eq!(gateway.approval(&id)["draft"], "bye");
}

#[test]
fn what_has_no_content_is_not_edited() {
    let home = Home::new();
    let gateway = home.up(&[]);
    let run = gateway.start("run rm -rf ~/old");
    let id = gateway.pending(&run).remove(0);
    let said = home.cli_given(&["approvals", "edit", &id, "--content", "-"], "ls");
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.err.contains("no content"), "{said:?}");
    let said = gateway.cli(&["approvals", "edit", &id]);
    assert!(said.code == Some(1) && said.err.contains("no content"), "{said:?}");
}

#[test]
fn the_card_shows_the_script_that_runs() {
    let home = Home::new();
    let gateway = home.up(&[]);
    fs::write(home.workspace().join("x.sh"), "rm -rf ~/old\n").unwrap();
    let run = gateway.start("run bash x.sh");
    let id = gateway.pending(&run).remove(0);
    let said = gateway.cli(&["approvals", "show", &id]);
    let digest = gateway.approval(&id)["files"][0]["sha256"].as_str().unwrap().to_owned();
    let short = digest.get(7..19).unwrap();
    for words in ["runs ", "x.sh: 13 bytes, ", "│ rm -rf ~/old", short, "In `"] {
        assert!(said.out.contains(words), "{words} in {said:?}");
    }
    fs::write(home.workspace().join("x.sh"), "true\n").unwrap();
    let said = gateway.cli(&["approvals", "show", &id]);
    assert!(said.out.contains("it has changed since"), "{said:?}");
}
