//! A gateway on a bus that comes and goes.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::Stdio;

use countersign_event_bus::throw_away::ThrowAway;
use serde_json::{Value, json};

use crate::support::{Gateway, Home, until};

/// What the gateway says of itself.
fn ready(gateway: &Gateway<'_>) -> Value {
    let about = fs::read_to_string(gateway.home.root().join("gateway.json")).unwrap();
    let about: Value = serde_json::from_str(&about).unwrap();
    let address = about["address"].as_str().unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    let head =
        format!("GET /health/ready HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200"), "{answer}");
    serde_json::from_str(body).unwrap()
}

#[test]
fn a_gateway_starts_without_its_bus_and_finds_it() {
    let mut server = ThrowAway::start(&[]);
    server.kill();
    let home = Home::new().made();
    home.write_config(&format!("bus:\n  url: {}\n", server.url()));
    let log = home.outside("log");
    let mut up = home.command(&["up", "--listen", "127.0.0.1:0"]);
    up.stdout(Stdio::null()).stderr(fs::File::create(&log).unwrap());
    let gateway = Gateway::of(&home, up.spawn().unwrap());
    until("the gateway listens", || home.root().join("gateway.json").exists());
    assert_eq!(ready(&gateway), json!({"status": "ready", "bus": "lost"}));
    let run = gateway.start("run echo works");
    assert_eq!(gateway.ended(&run)["status"], "completed");
    server.resume();
    until("the bus is found", || ready(&gateway)["bus"] == "connected");
    server.kill();
    until("the loss is noticed", || ready(&gateway)["bus"] == "lost");
    gateway.terminate();
    // Each is said once, however often it was tried.
    let log = fs::read_to_string(log).unwrap();
    let said: Vec<_> = log.lines().filter(|line| line.contains("bus")).collect();
    let expected = ["the bus cannot be reached", "the bus is connected", "the bus is lost"];
    assert_eq!(said.len(), expected.len(), "{log}");
    assert!(said.iter().zip(expected).all(|(line, what)| line.contains(what)), "{log}");
}

#[test]
fn what_is_wrong_with_a_bus_is_said_where_it_is_written() {
    let home = Home::new().made();
    let said = |config: &str| {
        home.write_config(config);
        let said = home.cli(&["config", "check"]);
        assert_eq!(said.code, Some(2), "{said:?}");
        home.neutral(&said.err)
    };
    let url = said("bus:\n  url: nats://cs:s3cret@bus/path\n");
    assert!(url.contains("HOME/config.yaml:2: `bus.url`"), "{url}");
    assert!(url.contains("only user, password, host and port"), "{url}");
    assert!(!url.contains("s3cret"), "{url}");
    let prefix = said("bus:\n  prefix: 'a b'\n");
    assert!(prefix.contains("`bus.prefix`"), "{prefix}");
    let both = said("bus:\n  password_env: A\n  password_file: B\n");
    assert!(both.contains("use one of them"), "{both}");
    home.write_config("bus:\n  url: nats://cs:s3cret@bus\n");
    let shown = home.cli(&["config", "get", "bus.url"]);
    assert!(!format!("{shown:?}").contains("s3cret"), "{shown:?}");
}

/// Like every credential of the gateway, wherever it comes from.
#[test]
fn a_token_is_masked() {
    const TOKEN: &str = "the bus says friend and enters";
    let server = ThrowAway::start(&["--auth", TOKEN]);
    let home = Home::new().made();
    let file = home.outside("token");
    fs::write(&file, format!("{TOKEN}\n")).unwrap();
    let config = format!("bus:\n  url: {}\n  password_file: {}\n", server.url(), file.display());
    home.write_config(&config);
    let gateway = home.up(&[]);
    until("the bus is found", || ready(&gateway)["bus"] == "connected");
    let run = gateway.start(&format!("run rm -rf '{TOKEN}'"));
    let shown = gateway.approval(&gateway.pending(&run).remove(0)).to_string();
    assert!(shown.contains("rm -rf"), "{shown}");
    assert!(!shown.contains("says friend"), "{shown}");
}
