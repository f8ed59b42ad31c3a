//! Copies of a home, made while a gateway works on it.

use std::fs;
use std::path::Path;

use countersign_storage::throw_away::ThrowAway;

use crate::support::{Home, Said, mode, set_mode};

fn back_up(home: &Home, to: &Path) -> Said {
    home.cli(&["backup", to.to_str().unwrap(), "--json"])
}

/// What is beside a copy, hidden or not.
fn beside(to: &Path) -> Vec<String> {
    let entries = fs::read_dir(to.parent().unwrap()).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.contains("copy")).collect()
}

#[test]
fn a_copy_that_is_made_while_the_gateway_works_is_a_home_of_its_own() {
    let home = Home::new().made();
    let plugins = home.root().join("plugins/more");
    fs::create_dir_all(&plugins).unwrap();
    fs::write(plugins.join("table"), "x").unwrap();
    let gateway = home.up(&[]);
    fs::create_dir(home.workspace().join("old")).unwrap();
    let run = gateway.start("run rm -rf old");
    let id = gateway.pending(&run).remove(0);
    // With a receipt there is a checkpoint.
    let before = gateway.start("run echo done");
    gateway.ended(&before);
    let copy = home.outside("copy");
    let made = back_up(&home, &copy).json();
    assert_eq!(made["store"], "checked", "{made}");
    assert_eq!(gateway.cli(&["approvals", "deny", &id]).code, Some(0));
    gateway.terminate();
    for file in ["countersign.db", "config.yaml", "signing-keys.json", "plugins/more/table"] {
        assert_eq!(mode(&copy.join(file)) & 0o077, 0, "{file}");
    }
    assert_eq!(mode(&copy), 0o700);
    assert_eq!(beside(&copy), ["copy"]);
    let copied = copy.to_str().unwrap();
    let verified = home.cli(&["--home", copied, "audit", "verify", "--json"]).json();
    assert_eq!(verified["report"]["head"], made["audit"]["head"]);
    // There the clock stands at the copy: what was denied since is asked.
    let listen = "--listen=127.0.0.1:0";
    let mut child = home.command(&["--home", copied, "up", listen]).spawn().unwrap();
    crate::support::until("it listens", || copy.join("gateway.json").exists());
    let shown = home.cli(&["--home", copied, "approvals", "show", &id, "--json"]).json();
    assert_eq!(shown["status"], "pending", "{shown}");
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn a_checkpoint_is_never_newer_than_the_copy_and_is_reached_by_it() {
    let home = Home::new();
    home.up(&[]).terminate();
    let copy = home.outside("copy");
    assert_eq!(back_up(&home, &copy).json()["store"], "checked");
    assert!(copy.join("audit.checkpoint").exists());
    // Somebody has cut the log: the copy would hide it no longer than the original.
    let cut = home.outside("cut copy");
    let gateway = home.up(&[]);
    gateway.ended(&gateway.start("run echo more"));
    gateway.terminate();
    for ending in ["", "-wal", "-shm"] {
        drop(fs::remove_file(home.root().join(format!("countersign.db{ending}"))));
    }
    fs::copy(copy.join("countersign.db"), home.root().join("countersign.db")).unwrap();
    let said = back_up(&home, &cut);
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.err.contains("nothing was kept"), "{said:?}");
    assert_eq!(beside(&cut), ["copy"]);
}

#[test]
fn where_nothing_should_be_copied_to_nothing_is() {
    let home = Home::new();
    home.up(&[]).terminate();
    let full = home.outside("copy");
    fs::create_dir(&full).unwrap();
    fs::write(full.join("mine"), "").unwrap();
    for (to, words) in [
        (full.clone(), "is not empty"),
        (full.join("mine"), "Not a directory"),
        (home.workspace().join("copy"), "in the agent's workspace"),
        (home.outside("no/such/copy"), "No such file"),
    ] {
        let said = back_up(&home, &to);
        assert!(said.code != Some(0) && said.err.contains(words), "{words}: {said:?}");
    }
    assert_eq!(beside(&full), ["copy"]);
    fs::remove_file(full.join("mine")).unwrap();
    assert_eq!(back_up(&home, &full).code, Some(0));
    let none = Home::new();
    assert_eq!(back_up(&none, &full.join("x")).code, Some(2));
}

#[test]
fn what_a_server_keeps_is_left_to_its_own_tools() {
    let home = Home::new().made();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let url = runtime.block_on(ThrowAway::shared().fresh_address());
    home.write_config(&format!("store:\n  url: '{url}'\n"));
    set_mode(&home.root().join("config.yaml"), 0o600);
    let copy = home.outside("copy");
    let said = home.cli(&["backup", copy.to_str().unwrap()]);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(said.out.contains("pg_dump"), "{said:?}");
    assert!(copy.join("config.yaml").exists() && !copy.join("countersign.db").exists());
}
