//! Linking the account of a bridge, and bridges that the gateway starts, with the real program.

use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::{fs, thread};

use countersign_fakes::whatsapp_bridge::FakeBridge;

use crate::support::{Home, until};

const TERMS: &str = "linked-device-2026-11";

/// A home whose gateway has this bridge, which somebody else has started.
fn home_with(bridge: &FakeBridge, more: &str) -> Home {
    let home = Home::new().made();
    let token = home.outside("bridge.token");
    fs::write(&token, bridge.token()).unwrap();
    fs::set_permissions(&token, fs::Permissions::from_mode(0o600)).unwrap();
    let (url, token) = (bridge.url(), token.display().to_string());
    home.write_config(&format!(
        "# mine\nwhatsapp:\n  bridge:\n    url: '{url}'\n    token_file: '{token}'\n{more}"
    ));
    home
}

/// A program in place of the bridge.
fn program(home: &Home, script: &str) -> PathBuf {
    let path = home.outside("bridge.sh");
    fs::write(&path, format!("#!/bin/sh\n{script}")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    path
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_is_linked_by_who_accepts_the_terms_and_scans_the_code() {
    let bridge = FakeBridge::listen().await;
    bridge.is_linked(false);
    bridge.has_code(true);
    let home = home_with(&bridge, "");
    thread::scope(|scope| {
        scope.spawn(|| {
            let gateway = home.up(&[]);
            // Nobody can be asked here, and nobody has accepted anything.
            let asked = gateway.cli(&["platforms", "pair", "whatsapp"]);
            assert_eq!(asked.code, Some(2), "{asked:?}");
            assert!(
                asked.out.contains("without warning") && asked.err.contains(TERMS),
                "{asked:?}"
            );
            let other = gateway.cli(&["platforms", "pair", "whatsapp", "--accept-terms", "yes"]);
            assert_eq!(other.code, Some(1), "{other:?}");
            assert_eq!(bridge.asked_for_code(), 0);
            let listed = gateway.cli(&["platforms", "list"]);
            assert!(listed.out.contains("the account is not linked"), "{listed:?}");
            let accepted = gateway.cli(&["platforms", "pair", "whatsapp", "--accept-terms", TERMS]);
            assert!(accepted.out.contains("Start the gateway again"), "{accepted:?}");
            let kept = fs::read_to_string(home.root().join("config.yaml")).unwrap();
            assert!(kept.starts_with("# mine") && kept.contains(TERMS), "{kept}");
            gateway.terminate();
            let gateway = home.up(&[]);
            scope.spawn(|| {
                until("somebody asks for a code", || bridge.asked_for_code() > 0);
                bridge.is_linked(true);
            });
            let paired = gateway.cli(&["platforms", "pair", "whatsapp"]);
            assert_eq!(paired.code, Some(0), "{paired:?}");
            assert!(paired.out.contains('▀') && paired.out.contains("+34600000000"), "{paired:?}");
            let log = gateway.cli(&["audit", "export", "--format", "jsonl"]);
            assert_eq!(log.out.matches("platform.code_shown").count(), 1, "{log:?}");
            assert!(!log.out.contains('▀') && !log.out.contains("<svg"), "{log:?}");
            let listed = gateway.cli(&["platforms", "list"]);
            assert!(
                listed.out.contains("whatsapp") && listed.out.contains("connected"),
                "{listed:?}"
            );
            gateway.terminate();
        });
    });
}

#[test]
fn a_token_that_somebody_elses_bridge_has_not_made_is_not_made_for_it() {
    let home = Home::new().made();
    let token = home.outside("nobody.token").display().to_string();
    home.write_config(&format!("whatsapp: {{bridge: {{token_file: '{token}'}}}}\n"));
    let refused = home.cli(&["up", "--listen", "127.0.0.1:0"]);
    assert!(refused.code != Some(0) && refused.err.contains("nobody.token"), "{refused:?}");
    for (text, key) in [
        ("whatsapp: {bridge: {token_file: here}}\n", "whatsapp.bridge.token_file"),
        ("whatsapp: {bridge: {managed: countersign-whatsapp}}\n", "whatsapp.bridge.managed"),
    ] {
        home.write_config(text);
        let refused = home.cli(&["config", "check"]);
        assert!(refused.code == Some(2) && refused.err.contains(key), "{refused:?}");
    }
}

#[test]
fn no_bridge_is_started_before_somebody_accepts_the_terms() {
    let home = Home::new().made();
    let mark = home.outside("started");
    let script = program(&home, &format!("touch '{}'\ncat >/dev/null\n", mark.display()));
    let config = |more: &str| {
        let script = script.display();
        format!("whatsapp: {{bridge: {{url: 'http://127.0.0.1:9', managed: '{script}'{more}}}}}\n")
    };
    home.write_config(&config(", accepted_terms: something-else"));
    let gateway = home.up(&[]);
    let listed = gateway.cli(&["platforms", "list"]);
    assert!(listed.out.contains("refused") && listed.out.contains("terms"), "{listed:?}");
    gateway.terminate();
    assert!(!mark.exists());
    home.write_config(&config(&format!(", accepted_terms: {TERMS}")));
    let gateway = home.up(&[]);
    until("the bridge is started", || mark.exists());
    gateway.terminate();
}

#[test]
fn a_bridge_is_given_its_token_by_file_is_started_again_and_ends_with_the_gateway() {
    let home = Home::new().made();
    let (told, pid) = (home.outside("told"), home.outside("pid"));
    // The first life is short.
    let script = program(
        &home,
        &format!(
            "echo \"$@\" >> '{told}'\nenv >> '{told}'\n\
             if [ ! -e '{pid}' ]; then echo $$ > '{pid}'; echo 'no luck today' >&2; exit 7; fi\n\
             echo $$ > '{pid}.2'\ncat >/dev/null\n",
            told = told.display(),
            pid = pid.display(),
        ),
    );
    let managed = script.display();
    home.write_config(&format!(
        "whatsapp: {{bridge: {{url: 'http://localhost:9', managed: '{managed}', \
         accepted_terms: {TERMS}}}}}\n"
    ));
    let mut gateway = home.up(&[]);
    let second = home.outside("pid.2");
    until("it is told why the bridge has ended", || {
        let listed = gateway.cli(&["platforms", "list"]).out;
        second.exists() || listed.contains("no luck today")
    });
    until("the bridge is started again", || second.exists());
    let told = fs::read_to_string(&told).unwrap();
    let token_file = home.root().join("whatsapp-bridge.token");
    let token = fs::read_to_string(&token_file).unwrap();
    assert!(told.contains(&format!("--token-file {}", token_file.display())), "{told}");
    assert!(told.contains("--listen 127.0.0.1:9 ") && told.contains("--accept-terms"), "{told}");
    assert!(!told.contains(&token) && !told.contains("COUNTERSIGN"), "{told}");
    let alive = || {
        let pid = fs::read_to_string(&second).unwrap();
        PathBuf::from(format!("/proc/{}/fd/0", pid.trim())).exists()
    };
    assert!(alive());
    // Also where the gateway has no time to say goodbye.
    gateway.signal_again("-KILL");
    until("nothing of the bridge is left", || !alive());
}
