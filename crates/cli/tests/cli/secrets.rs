//! Secrets in a command, its files, its output and what people say about it: no surface shows them.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::Stdio;

use serde_json::Value;

use crate::support::{Gateway, Home, Said, until};

const ENV_KEY: &str = "env-key-of-the-house-9f86d081884c7d65";
const MODEL_KEY: &str = "model.key.of.the.house.2c26b46b";
const HEADER: &str = "header value of the house b5bb9d80";
const WEBHOOK: &str = "webhook secret of the house 7d865e959b2466918c9863afca942d0f";

/// Made up, in the formats of their services.
fn foreign() -> Vec<String> {
    let noise = "a1B2c3D4e5F6g7H8i9J0";
    let line = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQ";
    vec![
        format!("ghp_{noise}{noise}"),
        format!("sk_live_{noise}{noise}"),
        format!("AKIA{}", "ABCDEFGHIJ123456"),
        format!("eyJ{noise}.eyJ{noise}{noise}.{noise}{noise}"),
        format!("glpat-{noise}"),
        "hunter2hunter3".to_owned(),
        line.to_owned(),
    ]
}

/// A text that holds each of them the way it is usually written.
fn told_of(secrets: &[String]) -> String {
    let [github, stripe, aws, jwt, gitlab, password, line, ..] = secrets else { panic!() };
    format!(
        "token {github} {stripe}\naws {aws}\nAuthorization: Bearer {jwt}\n{gitlab}\n\
         postgres://app:{password}@db.test/app\n\
         -----BEGIN PRIVATE KEY-----\n{line}\n{line}\nAb12==\n-----END PRIVATE KEY-----\n"
    )
}

/// Everything that the gateway itself holds, once it runs.
fn own(home: &Home) -> Vec<String> {
    let read = |name: &str| fs::read_to_string(home.root().join(name)).unwrap();
    let keys: Value = serde_json::from_str(&read("signing-keys.json")).unwrap();
    let made = home.cli(&["keys", "create", "ci", "--scope", "runs", "--json"]).json();
    let key = made["secret"].as_str().or(made["key"].as_str()).unwrap().to_owned();
    let signing = keys["secret"].as_str().unwrap().to_owned();
    let token = read("operator.token").trim().to_owned();
    let given = [ENV_KEY, MODEL_KEY, HEADER, WEBHOOK].map(str::to_owned);
    [given.to_vec(), vec![token, key, signing]].concat()
}

/// What the gateway answers to a request, up to `end` of the stream or of the answer.
fn request(home: &Home, head: &str, credential: &str, end: Option<&str>) -> String {
    let known = fs::read_to_string(home.root().join("gateway.json")).unwrap();
    let known: Value = serde_json::from_str(&known).unwrap();
    let address = known["address"].as_str().unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    let text = format!(
        "{head} HTTP/1.1\r\nHost: {address}\r\n{credential}\r\nContent-Length: 0\r\n\
         Connection: close\r\n\r\n"
    );
    stream.write_all(text.as_bytes()).unwrap();
    stream.set_read_timeout(Some(crate::support::LIMIT)).unwrap();
    let (mut answer, mut piece) = (Vec::new(), [0; 4096]);
    loop {
        let read = stream.read(&mut piece).unwrap();
        answer.extend_from_slice(&piece[..read]);
        let text = String::from_utf8_lossy(&answer).into_owned();
        if read == 0 || end.is_some_and(|end| text.contains(end)) {
            return text;
        }
    }
}

/// A browser that is signed in, as the header that it sends.
fn browser(gateway: &Gateway<'_>, credential: &str) -> String {
    let made = request(gateway.home, "POST /v1/sign-in-links", credential, None);
    let (_, body) = made.split_once("\r\n\r\n").unwrap();
    let link: Value = serde_json::from_str(body).unwrap();
    let path = link["url"].as_str().unwrap().split_once("/sign-in").unwrap().1.to_owned();
    let welcome = request(gateway.home, &format!("GET /sign-in{path}"), "Accept: */*", None);
    let (_, cookie) = welcome.split_once("countersign_session=").unwrap();
    format!("Cookie: countersign_session={}", cookie.split(';').next().unwrap())
}

fn decide(gateway: &Gateway<'_>, id: &str, choice: &str, reason: &str) {
    let said = match choice {
        "deny" => gateway.cli(&["approvals", "deny", id, "--reason", reason]),
        _ => gateway.cli(&["approvals", "approve", id]),
    };
    assert_eq!(said.code, Some(0), "{said:?}");
}

/// What every surface says of what has happened.
fn surfaces(gateway: &Gateway<'_>, runs: &[String], approvals: &[String]) -> Vec<(String, String)> {
    let mut said = Vec::new();
    let mut cli = |args: &[&str]| {
        let Said { code, out, err } = gateway.cli(args);
        assert_eq!(code, Some(0), "{args:?}: {err}");
        said.push((args.join(" "), format!("{out}{err}")));
    };
    for run in runs {
        for args in [&["show", run][..], &["show", run, "--json"], &["events", run]] {
            cli(&[&["runs"], args].concat());
        }
    }
    for id in approvals {
        cli(&["approvals", "show", id]);
        cli(&["approvals", "show", id, "--json"]);
        cli(&["approvals", "receipt", id]);
    }
    for args in [
        &["runs", "list"][..],
        &["runs", "list", "--json"],
        &["approvals", "list", "--json"],
        &["rules", "list"],
        &["rules", "list", "--json"],
        &["audit", "tail", "-n", "1000"],
        &["audit", "tail", "-n", "1000", "--json"],
        &["audit", "export"],
        &["audit", "export", "--format", "csv"],
        &["keys", "list"],
    ] {
        cli(args);
    }
    let token = fs::read_to_string(gateway.home.root().join("operator.token")).unwrap();
    let token = format!("Authorization: Bearer {}", token.trim());
    let cookie = browser(gateway, &token);
    for credential in [&token, &cookie] {
        for (path, end) in [
            ("/v1/approvals?limit=100".to_owned(), None),
            ("/v1/runs?limit=100".to_owned(), None),
            ("/v1/audit?limit=100".to_owned(), None),
            ("/v1/rules".to_owned(), None),
            (format!("/v1/runs/{}", runs[0]), None),
            (format!("/v1/runs/{}/events", runs[0]), Some("run.completed")),
            (format!("/v1/approvals/{}", approvals[0]), None),
        ] {
            let answer = request(gateway.home, &format!("GET {path}"), credential, end);
            assert!(answer.starts_with("HTTP/1.1 200"), "{path}: {answer}");
            let body = answer.split_once("\r\n\r\n").unwrap().1.to_owned();
            said.push((format!("GET {path}"), body));
        }
    }
    said
}

/// A gateway that holds secrets of many kinds, and logs all that it can.
fn holding_secrets<'h>(home: &'h Home, format: &str, logs: &std::path::Path) -> Gateway<'h> {
    home.write_config(&format!(
        "approvals:\n  ask: ['printf *', 'cat *']\n\
         model:\n  api_key: '{MODEL_KEY}'\n  headers:\n    X-House: '{HEADER}'\n\
         outbound:\n  secret_policy: ask\n  webhooks:\n    ops:\n      url: http://127.0.0.1:9/hook\n      \
         secret: '{WEBHOOK}'\n"
    ));
    let mut child = home
        .command(&["up", "--listen", "127.0.0.1:0", "--log-format", format])
        .env("API_SERVER_KEY", ENV_KEY)
        .env("COUNTERSIGN_LOG", "trace")
        .stdout(Stdio::null())
        .stderr(fs::File::create(logs).unwrap())
        .spawn()
        .unwrap();
    until("the gateway listens", || {
        assert!(child.try_wait().unwrap().is_none(), "{}", fs::read_to_string(logs).unwrap());
        home.root().join("gateway.json").exists()
    });
    Gateway::of(home, child)
}

/// Asks for something that stops at a person, who denies it.
fn denied(gateway: &Gateway<'_>, text: &str, why: &str) -> (String, String) {
    let run = gateway.start(text);
    let asked = gateway.pending(&run).remove(0);
    decide(gateway, &asked, "deny", why);
    gateway.ended(&run);
    (run, asked)
}

fn walk(format: &str) {
    let home = Home::new().made();
    let logs = home.outside("logs");
    let gateway = holding_secrets(&home, format, &logs);
    let (foreign, own) = (foreign(), own(&home));
    let mut file = told_of(&foreign);
    for secret in &own {
        file.extend(["own ", secret, " end\n"]);
    }
    fs::write(home.workspace().join("notes.txt"), &file).unwrap();

    // A command that names secrets, whose output holds all of them.
    let github = &foreign[0];
    let command = format!("printf '%s' {github} > kept; cat notes.txt # {ENV_KEY}");
    let first =
        gateway.start(&format!("run {command}\nthe key {github} and {MODEL_KEY} were used"));
    let asked = gateway.pending(&first).remove(0);
    let card = gateway.approval(&asked);
    decide(&gateway, &asked, "once", "");
    gateway.ended(&first);
    assert_eq!(&fs::read_to_string(home.workspace().join("kept")).unwrap(), github);

    // The same with another secret is another action, though both look alike.
    let other = format!("ghp_{}", "Z9y8X7w6V5".repeat(4));
    let second = gateway.start(&format!("run {}", command.replace(github, &other)));
    let again = gateway.pending(&second).remove(0);
    let alike = gateway.approval(&again);
    assert_eq!(card["command"], alike["command"]);
    assert_ne!(card["digest"], alike["digest"]);
    decide(&gateway, &again, "deny", &format!("never with {github} or {HEADER}"));
    gateway.ended(&second);

    // Content, addresses, questions, answers, failures.
    let line = file.replace('\n', " ");
    let notes = home.outside(&format!("notes-{github}"));
    let (third, write) = denied(&gateway, &format!("write {} | {line}", notes.display()), "no");
    let fourth = gateway.start(&format!("get http://127.0.0.1:9/{github}?k={ENV_KEY}"));
    let get = gateway.pending(&fourth).remove(0);
    decide(&gateway, &get, "once", "");
    gateway.ended(&fourth);
    let (sixth, send) = denied(&gateway, &format!("send webhook:ops | {line}"), "not this");
    let fifth = gateway.start(&format!("ask is it {github} or {MODEL_KEY}?"));
    until("the question is asked", || gateway.run(&fifth)["status"] == "waiting_for_answer");
    let question = gateway.run(&fifth).to_string();
    let answer = format!("it is {HEADER}");
    assert_eq!(gateway.cli(&["runs", "answer", &fifth, &answer]).code, Some(0));
    gateway.ended(&fifth);

    let runs = [first, second, third, fourth, fifth, sixth];
    let mut said = surfaces(&gateway, &runs, &[asked, again, write, get, send]);
    said.push(("a question".to_owned(), question));
    gateway.terminate();
    said.push((format!("{format} log"), fs::read_to_string(&logs).unwrap()));
    let mut secrets = [foreign, own, vec![other]].concat();
    secrets.extend(["hunter2hunter3".to_owned()]);
    none_shown(&said, &secrets);
}

/// Nothing that was said holds a secret, nor most of one.
fn none_shown(said: &[(String, String)], secrets: &[String]) {
    for (surface, text) in said {
        for secret in secrets {
            let most = secret.get(5..).unwrap();
            assert!(!text.contains(most), "{surface} shows {secret}: {text}");
        }
    }
    // There is something to see on them, with masks in it.
    let masked = said.iter().filter(|(_, text)| text.contains("ghp_…(")).count();
    assert!(masked > 20, "{masked} of {}", said.len());
}

#[test]
fn no_surface_shows_a_secret_and_what_runs_keeps_it() {
    walk("text");
}

#[test]
fn no_surface_shows_a_secret_with_logs_in_json_either() {
    walk("json");
}
