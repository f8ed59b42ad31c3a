//! What must hold before a gateway starts.

use std::fs;

use crate::support::{Home, mode, set_mode};

const UP: [&str; 3] = ["up", "--listen", "127.0.0.1:0"];

#[test]
fn the_first_start_makes_a_home_that_nobody_else_can_look_into() {
    let home = Home::new();
    let gateway = home.up(&[]);
    assert_eq!(mode(&home.root()), 0o700);
    for file in ["config.yaml", "countersign.db", "gateway.json", "operator.token", "gateway.lock"]
    {
        assert_eq!(mode(&home.root().join(file)), 0o600, "{file}");
    }
    assert_eq!(mode(&home.workspace()), 0o700);
    gateway.terminate();
    assert!(!home.root().join("gateway.json").exists());
    assert!(!home.root().join("operator.token").exists());
}

#[test]
fn a_home_that_others_may_look_into_is_refused_with_the_command_that_closes_it() {
    let home = Home::new().made();
    for (file, open, closed) in [
        ("", 0o755, "700"),
        ("", 0o710, "700"),
        ("config.yaml", 0o644, "600"),
        ("config.yaml", 0o620, "600"),
        ("countersign.db", 0o640, "600"),
    ] {
        let path = match file {
            "" => home.root(),
            file => home.root().join(file),
        };
        let before = mode(&path);
        set_mode(&path, open);
        let said = home.cli(&UP);
        assert_eq!(said.code, Some(2), "{said:?}");
        let wanted = format!("run:\n  chmod {closed} {}\n", path.display());
        assert!(said.err.ends_with(&wanted), "{said:?}");
        set_mode(&path, before);
    }
}

#[test]
fn a_second_process_is_told_who_has_the_home() {
    let home = Home::new();
    let gateway = home.up(&[]);
    let said = home.cli(&UP);
    assert_eq!(said.code, Some(2), "{said:?}");
    let wanted = format!("already running with pid {}", gateway.pid());
    assert!(said.err.contains(&wanted), "{said:?}");
    // The first goes on.
    assert_eq!(gateway.cli(&["runs", "list"]).code, Some(0));
}

#[test]
fn what_a_killed_gateway_left_behind_is_recognised() {
    let home = Home::new();
    let mut gateway = home.up(&[]);
    gateway.signal("-KILL");
    gateway.wait();
    assert!(home.root().join("gateway.json").exists());
    let said = home.cli(&["runs", "list"]);
    assert_eq!(said.code, Some(3), "{said:?}");
    assert!(said.err.contains("no gateway runs on"), "{said:?}");
    let old = fs::read_to_string(home.root().join("operator.token")).unwrap();
    fs::remove_file(home.root().join("gateway.json")).unwrap();
    let gateway = home.up(&[]);
    assert_eq!(gateway.cli(&["runs", "list"]).code, Some(0));
    let new = fs::read_to_string(home.root().join("operator.token")).unwrap();
    assert_ne!(old, new);
}

#[test]
fn beyond_this_machine_a_key_is_needed() {
    let home = Home::new();
    let open = ["up", "--listen", "0.0.0.0:0"];
    let said = home.cli(&open);
    assert_eq!(said.code, Some(2), "{said:?}");
    assert!(said.err.contains("countersign keys create"), "{said:?}");
    assert_eq!(home.cli(&["keys", "create", "ci", "--scope", "runs"]).code, Some(0));
    let gateway = home.up(&["--set", "gateway.listen=0.0.0.0:0"]);
    assert_eq!(gateway.cli(&["keys", "list"]).code, Some(0));
    gateway.terminate();
    assert_eq!(home.cli(&["keys", "revoke", "ci"]).code, Some(0));
    assert_eq!(home.cli(&open).code, Some(2));
}

#[test]
fn a_weak_key_in_the_environment_is_refused() {
    let home = Home::new();
    let output = home.command(&UP).env("API_SERVER_KEY", "changeme-changeme").output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let err = String::from_utf8(output.stderr).unwrap();
    assert!(err.contains("API_SERVER_KEY") && err.contains("placeholder"), "{err}");
}

#[test]
fn a_file_that_is_no_database_ends_the_start() {
    let home = Home::new().made();
    let database = home.root().join("countersign.db");
    fs::write(&database, "not a database, but long enough to be read as one").unwrap();
    let said = home.cli(&UP);
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.err.contains("countersign.db") && said.err.contains("corrupt"), "{said:?}");
    assert!(!home.root().join("gateway.json").exists());
}

#[test]
fn a_taken_port_is_told_with_a_way_out() {
    let home = Home::new();
    let other = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = other.local_addr().unwrap().to_string();
    let said = home.cli(&["up", "--listen", &address]);
    assert_eq!(said.code, Some(2), "{said:?}");
    assert!(said.err.contains("--listen 127.0.0.1:0"), "{said:?}");
}
