//! `setup`, by options and at a terminal.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;

use countersign_fakes::mattermost::{FakeMattermost, Settings, TeamRole};

use crate::support::{Home, Said};
use crate::terminal::Terminal;

/// No two homes want the same port.
const LISTEN: [&str; 2] = ["--listen", "127.0.0.1:0"];

fn setup(home: &Home, more: &[&str]) -> Said {
    home.cli(&[&["setup", "--yes"], &LISTEN[..], more].concat())
}

fn config(home: &Home) -> String {
    fs::read_to_string(home.root().join("config.yaml")).unwrap()
}

fn get(home: &Home, key: &str) -> String {
    home.cli(&["config", "get", key]).out.trim().to_owned()
}

/// A server of models that has one.
fn models() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/v1", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let lines = BufReader::new(stream.try_clone().unwrap()).lines();
            lines.map_while(Result::ok).take_while(|line| !line.is_empty()).for_each(drop);
            let body = r#"{"data": [{"id": "small"}]}"#;
            let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n", body.len());
            drop(write!(stream, "{head}connection: close\r\n\r\n{body}"));
        }
    });
    address
}

#[test]
fn what_is_given_as_options_is_tried_and_written_beside_what_is_there() {
    let home = Home::new().made();
    home.write_config("# mine\napprovals:\n  timeout: 7m # short\n");
    let address = models();
    let wrong = ["--provider", "openai", "--base-url", "http://127.0.0.1:1", "--model", "small"];
    let before = config(&home);
    let said = setup(&home, &wrong);
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.out.contains("failed") && said.out.contains("nothing is written"), "{said:?}");
    assert_eq!(config(&home), before);
    let right = ["--provider", "openai", "--base-url", &address, "--model", "small"];
    let said = setup(&home, &[&right[..], &["--admin", "chief"]].concat());
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(said.out.contains("small at http://127.0.0.1"), "{said:?}");
    assert!(said.out.contains("cs_") && said.err.contains("the key `chief`"), "{said:?}");
    let after = config(&home);
    assert!(after.starts_with("# mine\napprovals:\n  timeout: 7m # short\n"), "{after}");
    assert_eq!(
        (get(&home, "model.base_url"), get(&home, "gateway.listen")),
        (address, LISTEN[1].to_owned())
    );
    let keys = home.cli(&["keys", "list"]);
    assert!(keys.out.contains("chief") && keys.out.contains("admin"), "{keys:?}");
    // The same again changes nothing.
    let again = setup(&home, &[]);
    assert!(again.out.contains("stays as it is"), "{again:?}");
    assert_eq!(config(&home), after);
    home.up(&[]).terminate();
}

#[test]
fn what_cannot_be_read_back_is_not_written() {
    let home = Home::new();
    for (options, code, words) in [
        (&["--provider", "clairvoyance"][..], 2, "model.provider"),
        (&["--provider", "openai"], 2, "model.model"),
        (&["--whatsapp-allow", "+34600111222"], 2, "whatsapp.bridge"),
        (&["--listen", "nowhere"], 2, "cannot be used multiple times"),
        (&["--mattermost-url", "chat"], 2, "platforms.mattermost.accounts.default.url"),
        (&["--whatsapp-bridge", "/nonexistent/bridge"], 1, "whatsapp.bridge.managed"),
    ] {
        let said = setup(&home, options);
        assert_eq!(said.code, Some(code), "{said:?}");
        assert!(format!("{said:?}").contains(words), "{words}: {said:?}");
    }
    assert_eq!(get(&home, "gateway.listen"), "127.0.0.1:8642");
    let forced = setup(&home, &["--whatsapp-bridge", "/nonexistent/bridge", "--force"]);
    assert_eq!(forced.code, Some(0), "{forced:?}");
    assert_eq!(get(&home, "whatsapp.bridge.managed"), "/nonexistent/bridge");
    let gone = setup(&home, &["--whatsapp-bridge", ""]);
    assert_eq!(gone.code, Some(0), "{gone:?}");
    assert!(!config(&home).contains("nonexistent"), "{}", config(&home));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bot_is_tried_before_it_is_written() {
    let chat = FakeMattermost::start(Settings::default()).await;
    let team = chat.team("main");
    let (ann, bot) = (chat.user("ann"), chat.bot("signer"));
    chat.set_team_role(&team, &bot, Some(TeamRole::Admin));
    chat.channel(&team, "square", &[&ann, &bot]);
    tokio::task::block_in_place(|| {
        let home = Home::new();
        let with = |token: &str, more: &[&str]| {
            let url = chat.url();
            let bot = ["setup", "--yes", "--mattermost-url", &url, "--mattermost-token-env", "BOT"];
            let all = [&bot[..], &LISTEN[..], more].concat();
            let output = home.command(&all).env("BOT", token).output().unwrap();
            (output.status.code(), String::from_utf8(output.stdout).unwrap())
        };
        let wrong = with("abcdefghijklmnopqrstuvwxyz", &[]);
        assert!(wrong.0 == Some(1) && wrong.1.contains("make a new one"), "{wrong:?}");
        assert!(!config(&home).contains("\n      default:"), "{}", config(&home));
        let right = with(&bot.token, &["--mattermost-allow", &ann.id.to_string()]);
        assert!(right.0 == Some(0) && right.1.contains("the bot is @signer"), "{right:?}");
        assert!(!right.1.contains(&bot.token) && !config(&home).contains(&bot.token));
        assert_eq!(get(&home, "platforms.mattermost.accounts.default.token_env"), "BOT");
        let more = with(&bot.token, &["--mattermost-allow", "abcdefghijklmnopqrstuvwxyz"]);
        assert_eq!(more.0, Some(0), "{more:?}");
        let people = get(&home, "platforms.mattermost.allow_from");
        assert!(people.contains(&ann.id.to_string()) && people.contains("abcdefgh"), "{people}");
    });
}

#[test]
fn somebody_at_a_terminal_is_asked_one_thing_after_the_other() {
    let home = Home::new().made();
    let address = models();
    let mut terminal = Terminal::open(&home, &["setup"]);
    for (question, answer) in [
        ("Model: rehearsal", "openai"),
        ("Its address", address.as_str()),
        ("The model's name", "other"),
        ("holds its key [OPENAI_API_KEY]", "-"),
        ("Listen at", LISTEN[1]),
        ("Mattermost server", ""),
        ("Program of the bridge", ""),
        ("Name of an API key", ""),
    ] {
        terminal.wait_for(question, 1);
        terminal.type_line(answer);
    }
    terminal.wait_for("written: ", 1);
    assert_eq!(terminal.code(), Some(0));
    assert!(terminal.seen().contains("does not list `other`"), "{}", terminal.seen());
    assert_eq!(get(&home, "model.model"), "other");
    assert_eq!(get(&home, "model.api_key_env"), "");
    // What does not work is not written without being asked for.
    let before = config(&home);
    let options = ["setup", "--base-url", "http://127.0.0.1:1", "--provider", "openai"];
    let mut terminal = Terminal::open(&home, &options);
    for question in ["The model's name", "holds its key", "Listen at", "Mattermost server"] {
        terminal.wait_for(question, 1);
        terminal.type_line("");
    }
    for question in ["Program of the bridge", "Name of an API key", "Write it all the same?"] {
        terminal.wait_for(question, 1);
        terminal.type_line("");
    }
    assert_eq!(terminal.code(), Some(1));
    assert_eq!(config(&home), before);
}
