//! `doctor`, with each thing wrong in turn.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;

use countersign_fakes::mattermost::{FakeMattermost, Settings, SiteUrl, TeamRole};
use countersign_fakes::whatsapp_bridge::FakeBridge;
use serde_json::Value;

use crate::support::{Home, Said, set_mode};

/// A home that has been started once.
fn used() -> Home {
    let home = Home::new();
    home.up(&[]).terminate();
    configure(&home, "");
    home
}

/// The status of a check and what was said of it: of several the worst.
fn found(said: &Said, check: &str) -> (String, String) {
    let report: Value = serde_json::from_str(&said.out).unwrap_or_else(|_| panic!("{said:?}"));
    let all = report["data"].as_array().unwrap();
    let text = |one: &Value, name: &str| one[name].as_str().unwrap().to_owned();
    let of_it = all.iter().filter(|one| one["check"] == check);
    let rank = |one: &&Value| {
        ["failed", "warning", "skipped", "ok"].iter().position(|word| one["status"] == *word)
    };
    let worst = of_it.min_by_key(rank).unwrap_or_else(|| panic!("no {check} in {report}"));
    let any_bad = all.iter().any(|one| one["status"] == "failed");
    assert_eq!(report["ok"], !any_bad, "{report}");
    assert_eq!(said.code, Some(i32::from(any_bad)), "{said:?}");
    (text(worst, "status"), text(worst, "message"))
}

/// Writes a configuration under which no two homes want the same port.
fn configure(home: &Home, text: &str) {
    let listen = "gateway:\n  listen: '127.0.0.1:0'\n";
    match text.strip_prefix("gateway:\n") {
        Some(rest) if rest.contains("listen:") => home.write_config(text),
        Some(rest) => home.write_config(&format!("{listen}{rest}")),
        None => home.write_config(&format!("{listen}{text}")),
    }
}

fn doctor(home: &Home) -> Said {
    home.cli(&["doctor", "--json"])
}

/// That `check` has this status and says this, and nothing else has failed.
fn told(home: &Home, check: &str, status: &str, words: &str) {
    let said = doctor(home);
    let found = found(&said, check);
    assert!(found.0 == status && found.1.contains(words), "{check} {status} {words}: {said:?}");
    let others = || {
        let report: Value = serde_json::from_str(&said.out).unwrap();
        let all = report["data"].as_array().unwrap().clone();
        all.into_iter().filter(|one| one["check"] != check && one["status"] == "failed")
    };
    assert_eq!(others().collect::<Vec<_>>(), Vec::<Value>::new(), "{check}: {said:?}");
}

/// A server that gives everybody the same answer.
fn server(head: &str, body: &str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let length = body.len();
    let answer =
        format!("HTTP/1.1 {head}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}");
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let lines = BufReader::new(stream.try_clone().unwrap()).lines();
            lines.map_while(Result::ok).take_while(|line| !line.is_empty()).for_each(drop);
            drop(stream.write_all(answer.as_bytes()));
        }
    });
    address
}

#[test]
fn in_a_sound_house_nothing_has_failed_whether_the_gateway_runs_or_not() {
    let home = Home::new();
    let file = home.outside("config.yaml");
    fs::write(&file, "gateway: {listen: '127.0.0.1:0'}\n").unwrap();
    set_mode(&file, 0o600);
    let before = home.cli(&["doctor", "--config", file.to_str().unwrap()]);
    assert_eq!(before.code, Some(0), "{before:?}");
    assert!(before.out.contains("`countersign up` makes it"), "{before:?}");
    assert!(!home.root().exists(), "looking makes no home");
    let gateway = home.up(&[]);
    configure(
        &home,
        &format!(
            "gateway:\n  public_url: '{}'\n",
            serde_json::from_str::<Value>(
                &fs::read_to_string(home.root().join("gateway.json")).unwrap()
            )
            .unwrap()["url"]
                .as_str()
                .unwrap()
        ),
    );
    let running = doctor(&home);
    for (check, words) in [
        ("home", "this user's alone"),
        ("config", "config.yaml"),
        ("signing keys", "1 in all"),
        ("environment", "is there"),
        ("disk", ""),
        ("store", "is sound"),
        ("gateway", "is ready, bus alone"),
        ("public address", "leads here"),
        ("bus", "one node"),
        ("model", "rehearsal"),
        ("clock", "later than the audit log"),
        ("platforms", "no bot"),
    ] {
        let (status, says) = found(&running, check);
        let sound = status == "ok" || (check == "disk" && status == "warning");
        assert!(sound && says.contains(words), "{check}: {running:?}");
    }
    gateway.terminate();
    let stopped = doctor(&home);
    assert_eq!(found(&stopped, "public address").0, "skipped");
    assert_eq!(stopped.code, Some(0), "{stopped:?}");
    let text = home.cli(&["doctor"]);
    assert!(text.out.starts_with("ok       home "), "{text:?}");
    assert!(text.out.contains(" checks: 0 failed, "), "{text:?}");
}

#[test]
fn what_is_wrong_with_the_house_is_told_with_what_to_do() {
    let home = used();
    for (file, open, words) in [
        ("", 0o755, "run: chmod 700 "),
        ("signing-keys.json", 0o644, "run: chmod 600 "),
        ("countersign.db", 0o640, "run: chmod 600 "),
    ] {
        let path = if file.is_empty() { home.root() } else { home.root().join(file) };
        set_mode(&path, open);
        told(&home, "home", "failed", words);
        set_mode(&path, if file.is_empty() { 0o700 } else { 0o600 });
    }
    set_mode(&home.root().join("config.yaml"), 0o644);
    let said = doctor(&home);
    assert!(found(&said, "config").1.contains("chmod 600"), "{said:?}");
    assert_eq!(found(&said, "everything else").0, "skipped");
    set_mode(&home.root().join("config.yaml"), 0o600);
    configure(&home, "aprovals:\n  mode: manual\n");
    told(&home, "config", "failed", "did you mean `approvals`?");
    configure(&home, "approvals:\n  approvers: []\n");
    told(&home, "config", "failed", "approvals.approvers");
    configure(&home, "gateway:\n  metrics_token_env: NOT_SET\n");
    told(&home, "environment", "failed", "`NOT_SET` is not set");
    configure(&home, "");
    let weak = home.command(&["doctor", "--json"]).env("API_SERVER_KEY", "changeme").output();
    let weak = String::from_utf8(weak.unwrap().stdout).unwrap();
    assert!(weak.contains("API_SERVER_KEY in the environment"), "{weak}");
    told(&home, "environment", "ok", "");
    let no_file = home.cli(&["doctor", "--json", "--config", "/nonexistent/config.yaml"]);
    let (status, says) = found(&no_file, "config");
    assert!(status == "warning" && says.contains("the built-in values hold"), "{no_file:?}");
}

#[test]
fn what_is_wrong_with_keys_and_store_is_told_with_what_to_do() {
    let home = used();
    let keys = home.root().join("signing-keys.json");
    let kept = fs::read(&keys).unwrap();
    fs::write(&keys, "{").unwrap();
    told(&home, "signing keys", "failed", "restore the file from a back-up");
    fs::remove_file(&keys).unwrap();
    told(&home, "signing keys", "failed", "is missing, and there is a database");
    assert!(!keys.exists(), "looking makes no keys");
    fs::write(&keys, kept).unwrap();
    set_mode(&keys, 0o600);
    told(&home, "signing keys", "ok", "1 in all");
    let other = home.outside("other.db");
    fs::write(&other, "not a database, but long enough to be read as one").unwrap();
    set_mode(&other, 0o600);
    configure(&home, &format!("store:\n  url: 'sqlite:{}'\n", other.display()));
    told(&home, "store", "failed", "restore a back-up");
    configure(&home, &format!("store:\n  url: 'sqlite:{}'\n", home.outside("no.db").display()));
    told(&home, "store", "skipped", "the first start makes it");
    configure(&home, "store:\n  url: postgres://cs:s3cret@127.0.0.1:1/cs\n");
    told(&home, "store", "failed", "is the server running");
    assert!(!doctor(&home).out.contains("s3cret"));
    configure(&home, "store:\n  url: postgres://cs@127.0.0.1:1/cs\n  password_env: NOT_SET\n");
    told(&home, "store", "failed", "start this with the environment of the gateway");
    configure(&home, "bus:\n  url: nats://127.0.0.1:1\n");
    told(&home, "bus", "failed", "is it running");
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    configure(&home, &format!("gateway:\n  listen: '{address}'\n"));
    told(&home, "gateway", "failed", "another program listens");
    configure(&home, "gateway:\n  listen: nowhere\n");
    told(&home, "gateway", "failed", "set `gateway.listen`");
}

#[test]
fn what_is_wrong_with_the_model_or_the_clock_is_told_with_what_to_do() {
    let home = used();
    let model = |url: &str, more: &str| {
        configure(
            &home,
            &format!("model:\n  provider: openai\n  base_url: '{url}'\n  model: small\n{more}"),
        );
    };
    let listed = r#"{"object": "list", "data": [{"id": "small"}, {"id": "large"}]}"#;
    model(&server("200 OK", listed), "");
    told(&home, "model", "ok", "small at http://127.0.0.1");
    model(&server("200 OK", &listed.replace("small", "tiny")), "");
    told(&home, "model", "warning", "does not list `small`; it has tiny, large");
    model(&server("200 OK", "<html>"), "");
    told(&home, "model", "failed", "correct `model.base_url`");
    model(&server("404 Not Found", "{}"), "");
    told(&home, "model", "warning", "it lists no models there");
    model(&server("500 Broken", "{}"), "");
    told(&home, "model", "failed", "is the server running");
    model("http://127.0.0.1:1/v1", "");
    told(&home, "model", "failed", "cannot be reached");
    model("http://127.0.0.1:1/v1", "  api_key_env: NOT_SET\n");
    told(&home, "model", "failed", "`NOT_SET` is not set");
    let refused = r#"{"error": {"message": "no such key: qwertz12345"}}"#;
    model(&server("401 Unauthorized", refused), "  api_key: qwertz12345\n");
    told(&home, "model", "failed", "set another key");
    assert!(!doctor(&home).out.contains("qwertz12345"));
    let second = "  fallbacks:\n    - {base_url: 'http://127.0.0.1:1', model: large}\n";
    model(&server("200 OK", listed), second);
    told(&home, "model (fallback 1)", "failed", "`model.fallbacks.0.base_url`");
    let late = "200 OK\r\ndate: Wed, 21 Oct 2015 07:28:00 GMT";
    model(&server(late, listed), "");
    told(&home, "clock", "failed", "s ahead of 127.0.0.1: have the system keep its time");
}

#[test]
fn something_else_at_the_public_address_is_told() {
    let home = used();
    let gateway = home.up(&[]);
    for (address, words) in [
        (server("200 OK", r#"{"gateway": "gw_0"}"#), "something else answers"),
        (server("502 Bad Gateway", ""), "something else answers"),
        ("http://127.0.0.1:1".to_owned(), "correct `gateway.public_url`"),
    ] {
        configure(&home, &format!("gateway:\n  public_url: '{address}'\n"));
        told(gateway.home, "public address", "failed", words);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_a_server_of_bots_is_told_with_what_to_set() {
    let chat = FakeMattermost::start(Settings::default()).await;
    let team = chat.team("main");
    let bot = chat.bot("signer");
    chat.set_team_role(&team, &bot, Some(TeamRole::Admin));
    chat.channel(&team, "square", &[&bot]);
    tokio::task::block_in_place(|| {
        let home = used();
        let config = |token: &str| {
            configure(
                &home,
                &format!(
                    "platforms:\n  mattermost:\n    accounts:\n      main: {{ url: '{}', token: {token} }}\n",
                    chat.url(),
                ),
            );
        };
        config(&bot.token);
        told(&home, "mattermost/main token", "ok", "the bot is @signer");
        told(&home, "mattermost/main callback", "skipped", "start the gateway");
        let gateway = home.up(&[]);
        crate::support::until("the bot is connected", || {
            found(&doctor(&home), "mattermost/main connection").0 == "ok"
        });
        told(&home, "mattermost/main callback", "ok", "the server reaches");
        chat.change(|settings| settings.site_url = SiteUrl::Unset);
        assert_failed(&home, "mattermost/main SiteURL", "System Console > Web Server > Site URL");
        chat.change(|settings| settings.site_url = SiteUrl::Own);
        chat.change(|settings| settings.enable_commands = false);
        assert_failed(&home, "mattermost/main EnableCommands", "Enable Custom Slash Commands");
        chat.change(|settings| settings.enable_commands = true);
        chat.change(|settings| settings.untrusted_internal_connections = String::new());
        assert_failed(
            &home,
            "mattermost/main callback",
            "Allow untrusted internal connections to: add `127.0.0.1`",
        );
        let inside = "127.0.0.1 localhost".to_owned();
        chat.change(|settings| settings.untrusted_internal_connections = inside);
        chat.set_team_role(&team, &bot, Some(TeamRole::Member));
        assert_failed(&home, "mattermost/main commands", "`manage_own_slash_commands`");
        chat.set_team_role(&team, &bot, None);
        assert_failed(&home, "mattermost/main teams", "invite it to a team");
        chat.revoke(&bot.token);
        assert_failed(&home, "mattermost/main token", "make a new one");
        assert!(!doctor(&home).out.contains(&bot.token));
        gateway.terminate();
        configure(
            &home,
            "platforms:\n  mattermost:\n    accounts:\n      main: { url: 'http://127.0.0.1:1', token: qwertz12345 }\n",
        );
        assert_failed(&home, "mattermost/main server", "127.0.0.1:1");
        configure(
            &home,
            "platforms:\n  mattermost:\n    accounts:\n      main: { url: 'http://127.0.0.1:1', token_env: NOT_SET }\n",
        );
        assert_failed(&home, "platforms", "NOT_SET");
    });
}

fn assert_failed(home: &Home, check: &str, words: &str) {
    let said = doctor(home);
    let found = found(&said, check);
    assert!(found.0 == "failed" && found.1.contains(words), "{check} {words}: {said:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_a_bridge_is_told_with_what_to_do() {
    let bridge = FakeBridge::listen().await;
    tokio::task::block_in_place(|| {
        let home = used();
        let token = home.outside("bridge.token");
        let config = |url: &str, more: &str| {
            configure(
                &home,
                &format!(
                    "whatsapp:\n  bridge:\n    url: '{url}'\n    token_file: '{}'\n{more}",
                    token.display()
                ),
            );
        };
        config(&bridge.url(), "");
        told(&home, "bridge", "failed", "start the bridge, which makes it");
        fs::write(&token, bridge.token()).unwrap();
        set_mode(&token, 0o644);
        told(&home, "bridge", "failed", "chmod 600");
        set_mode(&token, 0o600);
        told(&home, "bridge", "ok", "is linked");
        bridge.is_linked(false);
        told(&home, "bridge", "failed", "countersign platforms pair whatsapp");
        bridge.is_linked(true);
        fs::write(&token, "another token").unwrap();
        told(&home, "bridge", "failed", &bridge.url());
        fs::write(&token, bridge.token()).unwrap();
        config("http://127.0.0.1:1", "");
        told(&home, "bridge", "failed", "is it running");
        config(&bridge.url(), "    managed: /nonexistent/bridge\n");
        told(&home, "bridge", "failed", "correct `whatsapp.bridge.managed`");
        config(&bridge.url(), "    managed: /bin/true\n");
        told(&home, "bridge", "failed", "its terms are not accepted");
    });
}
