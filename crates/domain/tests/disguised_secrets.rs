//! The gateway's own credentials, written so that a plain search does not find them.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails where it is")]

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use countersign_domain::action::Action;
use countersign_domain::outbound::{Attachment, Content, leaks};
use countersign_domain::redaction::Redactor;
use countersign_domain::signing::SigningKey;

const OWN: &str = "Hunter/2+hunter&3";
/// Names of hosts have no other characters.
const PLAIN: &str = "Hunter2hunter3Xy";
/// As short as secrets are that are known by value.
const SHORT: &str = "S3cr/t!x";

fn scanner() -> Redactor {
    let key = SigningKey::from_seed([7; 32]).unwrap();
    let own = [OWN, PLAIN, SHORT].map(str::to_owned);
    Redactor::new(own.into_iter().chain(key.secrets()))
}

fn request(url: &str, header: &str, body: &str) -> Action {
    Action::HttpRequest {
        method: "POST".to_owned(),
        url: url.to_owned(),
        headers: BTreeMap::from([("authorization".to_owned(), header.to_owned())]),
        body: body.to_owned(),
    }
}

fn mail(file: &[u8]) -> Action {
    Action::SendEmail {
        from: "me@a.example".parse().unwrap(),
        to: vec!["you@b.example".parse().unwrap()],
        cc: Vec::new(),
        subject: "s".parse().unwrap(),
        body: String::new(),
        attachments: vec![Attachment {
            name: "a.bin".parse().unwrap(),
            path: None,
            content: Content::new(file.to_vec()),
        }],
    }
}

fn percent(text: &str) -> String {
    text.bytes().flat_map(|byte| ['%'].into_iter().chain(digits(byte))).collect()
}

fn hexadecimal(text: &str) -> String {
    text.bytes().flat_map(digits).collect()
}

fn json_units(text: &str) -> String {
    let unit = |unit: u16| {
        let [high, low] = unit.to_be_bytes();
        ['\\', 'u'].into_iter().chain(digits(high)).chain(digits(low))
    };
    text.encode_utf16().flat_map(unit).collect()
}

fn digits(byte: u8) -> [char; 2] {
    [byte >> 4, byte & 15].map(|half| char::from_digit(u32::from(half), 16).unwrap())
}

/// `text` as two labels of a host.
fn labels(text: &str, at: usize) -> String {
    let (first, second) = text.split_at(at);
    format!("{first}.{second}")
}

/// Ways to write `secret`, each of which a reader at the other end undoes easily.
fn disguises(secret: &str) -> Vec<String> {
    let mut all = vec![
        secret.to_owned(),
        percent(secret),
        percent(&percent(secret)),
        secret.replace('/', "%2f").replace('+', "%2B"),
        secret.replace('/', r"\/"),
        json_units(secret),
        percent(&json_units(secret)),
        hexadecimal(secret),
        hexadecimal(secret).to_uppercase(),
        STANDARD.encode(secret),
        percent(&STANDARD.encode(secret)),
    ];
    for before in ["u", "us", "use", "user:"] {
        let pair = format!("{before}{secret}{before}");
        all.extend([STANDARD.encode(&pair), URL_SAFE_NO_PAD.encode(&pair)]);
    }
    let lines: Vec<String> = STANDARD
        .encode(format!("{secret} and more"))
        .as_bytes()
        .chunks(5)
        .map(|line| String::from_utf8_lossy(line).into_owned())
        .collect();
    all.push(lines.join("\r\n"));
    all
}

#[test]
fn an_own_credential_does_not_leave_in_any_disguise() {
    let scanner = scanner();
    for secret in [OWN, PLAIN, SHORT] {
        for text in disguises(secret) {
            let in_url: String = text.split_whitespace().collect();
            let message = Action::SendMessage {
                destination: "webhook:ops".parse().unwrap(),
                name: None,
                text: format!("look: {text}, please"),
                attachments: Vec::new(),
            };
            for action in [
                message,
                request(&format!("https://a.example/x/{in_url}/y"), "", ""),
                request(&format!("https://a.example/?q={in_url}&r=1"), "", ""),
                request("https://a.example/", &format!("Basic {in_url}"), ""),
                request("https://a.example/", "", &format!("a=b&c={text}&d=e")),
                mail(text.as_bytes()),
            ] {
                let found = leaks(&action, &scanner);
                let rule = "credential of this gateway";
                assert!(found.iter().any(|leak| leak.rule == rule), "{secret} as {action:?}");
                assert!(!format!("{found:?}").contains(secret));
            }
        }
    }
}

#[test]
fn names_of_hosts_have_no_capitals_and_can_be_cut_into_labels() {
    let hex = hexadecimal(OWN);
    for host in
        [PLAIN.to_lowercase(), labels(&PLAIN.to_lowercase(), 7), hex.clone(), labels(&hex, 11)]
    {
        let url = format!("https://{host}.evil.test/");
        assert_ne!(leaks(&request(&url, "", ""), &scanner()), [], "{url}");
    }
    let named = Action::HttpRequest {
        method: "GET".to_owned(),
        url: "https://a.example/".to_owned(),
        headers: BTreeMap::from([(format!("x-{}", PLAIN.to_lowercase()), "1".to_owned())]),
        body: String::new(),
    };
    assert_eq!(leaks(&named, &scanner())[0].rule, "credential of this gateway");
}

#[test]
fn a_file_in_wide_characters_is_read_as_one() {
    let little: Vec<u8> = OWN.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = OWN.encode_utf16().flat_map(u16::to_be_bytes).collect();
    let key: Vec<u8> =
        format!("AKIA{}", "ABCDEFGHIJKLMNOP").encode_utf16().flat_map(u16::to_le_bytes).collect();
    for bytes in [
        [b"\xff\xfe", &little[..]].concat(),
        [b"\xfe\xff", &big[..]].concat(),
        [b"odd", &little[..], b"\0\0"].concat(),
        key,
    ] {
        assert_ne!(leaks(&mail(&bytes), &scanner()), [], "{bytes:?}");
    }
}

#[test]
fn the_signing_key_is_known_by_its_format_and_by_its_value() {
    let key = SigningKey::from_seed([7; 32]).unwrap().to_paserk().unwrap();
    let other = SigningKey::from_seed([8; 32]).unwrap().to_paserk().unwrap();
    let body = key.rsplit('.').next().unwrap();
    for text in [&key, &other, body, &percent(&key), &STANDARD.encode(&key), &key.to_uppercase()] {
        assert_ne!(leaks(&mail(text.as_bytes()), &scanner()), [], "{text}");
    }
}

#[test]
fn what_is_no_credential_leaves() {
    let scanner = scanner();
    for text in ["100 % of a+b", r"C:\users\new", "see https://a.example/%E2%82%AC", "\0\u{1}\0"] {
        assert_eq!(leaks(&mail(text.as_bytes()), &scanner), [], "{text}");
    }
}
