//! A gateway on PostgreSQL, and the way there and back.

use std::fs;

use countersign_storage::throw_away::ThrowAway;
use serde_json::Value;

use crate::support::{Gateway, Home};

/// The address of a database in which there is nothing.
fn database() -> String {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(ThrowAway::shared().fresh_address())
}

/// Somebody approves something, which then runs.
fn approved(gateway: &Gateway<'_>, home: &Home, name: &str) -> String {
    fs::create_dir_all(home.workspace().join(name)).unwrap();
    let run = gateway.start(&format!("run rm -rf {name}"));
    let id = gateway.pending(&run).remove(0);
    assert_eq!(gateway.cli(&["approvals", "approve", &id]).code, Some(0));
    assert_eq!(gateway.ended(&run)["status"], "completed");
    assert!(!home.workspace().join(name).exists());
    id
}

fn migrate(home: &Home, from: &str, to: &str) -> Value {
    home.cli(&["store", "migrate", "--from", from, "--to", to, "--json"]).json()
}

#[test]
fn a_gateway_moves_to_a_server_and_back() {
    let home = Home::new();
    let gateway = home.up(&[]);
    let first = approved(&gateway, &home, "one");
    gateway.terminate();
    let file = format!("sqlite:{}", home.root().join("countersign.db").display());
    let (there, back) = (database(), format!("sqlite:{}", home.outside("back.db").display()));
    let report = migrate(&home, &file, &there);
    assert_eq!(report["rows"]["approvals"], 1, "{report}");
    home.write_config(&format!("store:\n  url: '{there}'\n"));
    let gateway = home.up(&[]);
    assert_eq!(gateway.approval(&first)["status"], "executed");
    let second = approved(&gateway, &home, "two");
    let verified = gateway.cli(&["audit", "verify", "--json"]).json();
    assert_eq!(verified["ok"], true, "{verified}");
    gateway.terminate();
    let tail = home.cli(&["audit", "tail", "--subject", &second, "--kind", "approval.decided"]);
    assert!(tail.out.contains("choice=once"), "{tail:?}");
    let exported = home.cli(&["audit", "export"]);
    let verified = home.cli(&["audit", "verify", "--json"]).json();
    assert_eq!(exported.out.lines().count(), verified["report"]["records"], "{verified}");
    migrate(&home, &there, &back);
    home.write_config(&format!("store:\n  url: '{back}'\n"));
    let again = home.cli(&["audit", "verify", "--json"]).json();
    assert_eq!(again["report"]["hash"], verified["report"]["hash"]);
    let gateway = home.up(&[]);
    assert_eq!(gateway.approval(&second)["status"], "executed");
    assert!(!gateway.cli(&["approvals", "receipt", &first]).out.is_empty());
}

#[test]
fn a_copy_is_refused_into_what_is_not_empty_and_beside_a_gateway() {
    let home = Home::new();
    let gateway = home.up(&[]);
    approved(&gateway, &home, "one");
    let file = format!("sqlite:{}", home.root().join("countersign.db").display());
    let there = database();
    let args = ["store", "migrate", "--from", &file, "--to", &there];
    let running = home.cli(&args);
    assert_eq!(running.code, Some(2), "{running:?}");
    assert!(running.err.contains("already running"), "{running:?}");
    gateway.terminate();
    let said = home.cli(&args);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(said.err.contains("checking the audit log of the copy"), "{said:?}");
    assert!(said.out.contains("the audit log is good before and after"), "{said:?}");
    let twice = home.cli(&args);
    assert_eq!(twice.code, Some(1), "{twice:?}");
    assert!(twice.err.contains("is not empty"), "{twice:?}");
}

#[test]
fn what_is_wrong_with_a_store_is_said_where_it_is_written() {
    let home = Home::new().made();
    let said = |config: &str| {
        home.write_config(config);
        let said = home.cli(&["config", "check"]);
        assert_eq!(said.code, Some(2), "{said:?}");
        home.neutral(&said.err)
    };
    let url = said("store:\n  url: postgres://cs:s3cret@db/cs?sslmode=prefer\n");
    assert!(url.contains("HOME/config.yaml:2: `store.url`"), "{url}");
    assert!(url.contains("`sslmode=prefer` is not supported"), "{url}");
    assert!(!url.contains("s3cret"), "{url}");
    let both = said("store:\n  password_env: A\n  password_file: B\n");
    assert!(both.contains("use one of them"), "{both}");
    let soon = said("retention:\n  runs: 5m\n");
    assert!(soon.contains("at least one hour"), "{soon}");
    home.write_config("store:\n  url: postgres://cs:s3cret@127.0.0.1:1/cs\n");
    let up = home.cli(&["up", "--listen", "127.0.0.1:0"]);
    assert_eq!(up.code, Some(1), "{up:?}");
    assert!(
        up.err.contains("postgres://cs@127.0.0.1:1/cs: the database is not available"),
        "{up:?}"
    );
    assert!(!format!("{up:?}").contains("s3cret"), "{up:?}");
    let shown = home.cli(&["config", "get", "store.url"]);
    assert!(!shown.out.contains("s3cret"), "{shown:?}");
}

#[test]
fn a_password_comes_from_the_environment() {
    let home = Home::new().made();
    let there = database();
    home.write_config(&format!("store:\n  url: '{there}'\n  password_env: DB_PASSWORD\n"));
    let unset = home.cli(&["keys", "list"]);
    assert!(unset.err.contains("`DB_PASSWORD` is not set"), "{unset:?}");
    let set = home.command(&["keys", "list"]).env("DB_PASSWORD", "x").output().unwrap();
    assert!(set.status.success(), "{set:?}");
}

/// Like every credential of the gateway, wherever it comes from.
#[test]
fn a_password_is_masked() {
    const PASSWORD: &str = "the database says friend and enters";
    let home = Home::new().made();
    let file = home.outside("password");
    fs::write(&file, format!("{PASSWORD}\n")).unwrap();
    home.write_config(&format!(
        "store:\n  url: '{}'\n  password_file: {}\n",
        database(),
        file.display()
    ));
    let gateway = home.up(&[]);
    let run = gateway.start(&format!("run rm -rf '{PASSWORD}'"));
    let shown = gateway.approval(&gateway.pending(&run).remove(0)).to_string();
    assert!(shown.contains("rm -rf"), "{shown}");
    assert!(!shown.contains("says friend"), "{shown}");
}
