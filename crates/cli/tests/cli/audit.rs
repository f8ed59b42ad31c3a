//! The audit log from the command line.

use std::fs;

use serde_json::Value;

use crate::support::{Gateway, Home};

/// Somebody denies something.
fn decided(gateway: &Gateway<'_>, home: &Home) -> String {
    fs::create_dir_all(home.workspace().join("old")).unwrap();
    let run = gateway.start("run rm -rf old");
    let id = gateway.pending(&run).remove(0);
    assert_eq!(gateway.cli(&["approvals", "deny", &id]).code, Some(0));
    gateway.ended(&run);
    id
}

#[test]
fn a_log_is_verified_while_the_gateway_runs_and_after_it() {
    let home = Home::new();
    let gateway = home.up(&["--set", "audit.checkpoint_every=2", "--set", "audit.node=build-7"]);
    let id = decided(&gateway, &home);
    let said = gateway.cli(&["audit", "verify"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    let tail = gateway.cli(&["audit", "tail", "--subject", &id, "--kind", "approval.decided"]);
    assert!(tail.out.contains("choice=deny"), "{tail:?}");
    gateway.terminate();
    let said = home.cli(&["audit", "verify", "--json"]);
    let report = said.json();
    assert_eq!((said.code, &report["ok"]), (Some(0), &Value::Bool(true)), "{report}");
    let (head, signed) = (report["report"]["head"].as_u64(), report["report"]["signed"].as_u64());
    assert_eq!(head, signed.map(|signed| signed + 1), "only the last checkpoint is not signed");
    let last = home.cli(&["audit", "tail", "-n", "1", "--json"]).json();
    assert_eq!((&last["kind"], &last["node"]), (&"checkpoint".into(), &"build-7".into()));
    assert!(home.root().join("audit.checkpoint").exists());
}

#[test]
fn an_export_and_a_receipt_are_checked_with_the_public_key_alone() {
    let home = Home::new();
    let gateway = home.up(&[]);
    let id = decided(&gateway, &home);
    let receipt = gateway.cli(&["approvals", "receipt", &id]);
    assert_eq!(receipt.code, Some(0), "{receipt:?}");
    let key = gateway.cli(&["keys", "rotate", "--json"]).out;
    gateway.terminate();
    let export = home.cli(&["audit", "export"]);
    let csv = home.cli(&["audit", "export", "--format", "csv", "--subject", &id]);
    assert!(csv.out.starts_with("seq,at,kind,"), "{csv:?}");
    assert!(csv.out.contains(",approval.decided,operator,"), "{csv:?}");
    let other = Home::new();
    let place = |name: &str, text: &str| {
        let path = other.outside(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let (key, checkpoint) = (place("keys.json", &key), home.root().join("audit.checkpoint"));
    let checkpoint = checkpoint.to_str().unwrap();
    let verify = |file: &str| {
        let kept = ["--checkpoint", checkpoint];
        other.cli(&[&["audit", "verify", "--key", &key, "--file", file], &kept[..]].concat())
    };
    let whole = place("whole.jsonl", &export.out);
    assert_eq!(verify(&whole).code, Some(0), "{:?}", verify(&whole));
    let lines: Vec<_> = export.out.lines().collect();
    let changed = export.out.replacen("\"deny\"", "\"once\"", 1);
    let deleted = [&lines[..1], &lines[2..]].concat().join("\n");
    let swapped = [&lines[..1], &[lines[2], lines[1]], &lines[3..]].concat().join("\n");
    let cut = lines[..2].join("\n");
    for (name, text, words) in [
        ("changed", &changed, "hash"),
        ("deleted", &deleted, "record 2: gap"),
        ("swapped", &swapped, "record 2: order"),
        ("cut", &cut, "record 3: truncated"),
    ] {
        let said = verify(&place(name, text));
        assert_eq!(said.code, Some(1), "{name}: {said:?}");
        assert!(said.out.contains(words), "{words} in {said:?}");
    }
    let file = place("receipt.json", &receipt.out);
    let good = other.cli(&["audit", "verify-receipt", &file, "--key", &key]);
    assert_eq!(good.code, Some(0), "{good:?}");
    assert!(good.out.contains(&format!("{id} was answered `deny` by operator")), "{good:?}");
    let file = place("forged.json", &receipt.out.replace("\"deny\"", "\"once\""));
    let bad = other.cli(&["audit", "verify-receipt", &file, "--key", &key]);
    assert_eq!(bad.code, Some(1), "{bad:?}");
    assert!(bad.out.starts_with("bad: "), "{bad:?}");
}

#[test]
fn wrong_words_are_refused() {
    let home = Home::new().made();
    for (args, words) in [
        (&["audit", "tail", "--kind", "nonsense"][..], "approval.decided"),
        (&["audit", "export", "--since", "yesterday"][..], "2026-11-18"),
        (&["audit", "verify", "--key", "/does/not/exist"][..], "/does/not/exist"),
    ] {
        let said = home.cli(args);
        assert_eq!(said.code, Some(2), "{said:?}");
        assert!(said.err.contains(words), "{words} in {said:?}");
    }
}
