//! Mail against a real SMTP server.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails where it is")]
#![expect(clippy::expect_used, reason = "what is missing is named")]

use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::OnceLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign_delivery::{MailSettings, SmtpMailer, Tls};
use countersign_domain::approvals::{Choice, Status};
use countersign_domain::audit::AuditKind;
use countersign_domain::digest::Digest;
use countersign_domain::ids::ApprovalId;
use countersign_domain::runs::RunStatus;
use countersign_test_kit::House;
use serde_json::Value;
use std::io::{BufRead as _, BufReader};

/// A server process. It ends with this value.
struct Server {
    port: u16,
    lines: BufReader<ChildStdout>,
    _stdin: ChildStdin,
    process: Child,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

/// A Python that has aiosmtpd: `./test` makes one below `target/`, or installs the system's.
fn python() -> &'static str {
    static FOUND: OnceLock<&str> = OnceLock::new();
    FOUND.get_or_init(|| {
        let own = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/tools/smtp/bin/python");
        let candidates = [own, "python3", "/usr/bin/python3"];
        let has = |python: &&str| {
            let outcome = Command::new(python).args(["-c", "import aiosmtpd"]).output();
            outcome.is_ok_and(|outcome| outcome.status.success())
        };
        let found = candidates.into_iter().find(|python| has(python));
        found.expect("a Python with aiosmtpd (Debian: apt-get install python3-aiosmtpd)")
    })
}

/// A certificate for `localhost` and its key, made once for all tests.
fn certificate() -> &'static (PathBuf, PathBuf) {
    static MADE: OnceLock<(PathBuf, PathBuf)> = OnceLock::new();
    MADE.get_or_init(|| {
        let dir =
            Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("smtp-{}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        let (certificate, key) = (dir.join("certificate.pem"), dir.join("key.pem"));
        let made = Command::new("openssl")
            .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"])
            .args(["-nodes", "-days", "2", "-subj", "/CN=localhost"])
            .args(["-addext", "subjectAltName=DNS:localhost"])
            .args(["-addext", "basicConstraints=critical,CA:FALSE", "-out"])
            .arg(&certificate)
            .arg("-keyout")
            .arg(&key)
            .output()
            .expect("openssl (Debian: apt-get install openssl)");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        (certificate, key)
    })
}

impl Server {
    fn start(mode: &str) -> Self {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/smtp/server.py");
        let (certificate, key) = certificate();
        let mut process = Command::new(python())
            .arg(script)
            .arg(mode)
            .args([certificate, key])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let stdin = process.stdin.take().unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap());
        let mut port = String::new();
        lines.read_line(&mut port).unwrap();
        Self { port: port.trim().parse().unwrap(), lines, _stdin: stdin, process }
    }

    fn mailer(&self, tls: Tls) -> SmtpMailer {
        self.mailer_as(tls, None)
    }

    fn mailer_as(&self, tls: Tls, password: Option<&str>) -> SmtpMailer {
        SmtpMailer::new(MailSettings {
            host: "localhost".to_owned(),
            port: self.port,
            tls,
            credentials: password.map(|password| ("agent".to_owned(), password.to_owned())),
            trusted: Some(std::fs::read_to_string(&certificate().0).unwrap()),
        })
        .unwrap()
    }

    /// The next mail that it took.
    fn mail(&mut self) -> Value {
        let mut line = String::new();
        self.lines.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap()
    }

    /// Every mail that it took and nobody has looked at.
    fn rest(mut self) -> String {
        self.process.kill().unwrap();
        let mut rest = String::new();
        std::io::Read::read_to_string(&mut self.lines, &mut rest).unwrap();
        rest
    }
}

/// Sends `line` with the operator's approval; what the agent says of it.
async fn send(house: &House, line: &str) -> (ApprovalId, String) {
    let run = house.say(line).await;
    let card = house.pending(run, 1).await.remove(0).card;
    house.decide(card.approval_id, Choice::Once).await;
    let view = house.run_when(run, RunStatus::Completed).await;
    (card.approval_id, format!("{:?}", view.run.state))
}

#[tokio::test]
async fn a_mail_arrives_as_the_card_showed_it() {
    for (mode, tls) in
        [("plain", Tls::None), ("starttls", Tls::Starttls), ("implicit", Tls::Implicit)]
    {
        let mut server = Server::start(mode);
        let house = House::with().mailer(server.mailer(tls)).open().await;
        let run = house.say("email ana@example.org | Grüße | .\nsecond line").await;
        let card = house.pending(run, 1).await.remove(0).card;
        assert_eq!(card.destination.as_deref(), Some("ana@example.org"));
        assert_eq!(
            card.content.as_deref(),
            Some("From: agent@example.org\nTo: ana@example.org\nSubject: Grüße\n\n.")
        );
        house.decide(card.approval_id, Choice::Once).await;
        let view = house.run_when(run, RunStatus::Completed).await;
        let said = format!("{:?}", view.run.state);
        assert!(said.contains("send_email ok sent: 250"), "{mode}: {said}");
        let mail = server.mail();
        assert_eq!(
            (&mail["from"], &mail["to"][0]),
            (&"agent@example.org".into(), &"ana@example.org".into())
        );
        assert_eq!(mail["tls"], mode != "plain");
        let text = mail["text"].as_str().unwrap();
        let grant = house.grant_of(card.approval_id).await;
        assert!(text.contains(&format!("Message-ID: <{}@example.org>", grant.id)), "{text}");
        assert!(text.contains("Subject: =?utf-8?"), "{text}");
        assert!(text.ends_with("\r\n\r\n.\r\n"), "{text:?}");
        assert_eq!(server.rest(), "");
    }
}

#[tokio::test]
async fn without_a_decision_the_server_hears_nothing() {
    let server = Server::start("plain");
    let house = House::with().mailer(server.mailer(Tls::None)).open().await;
    let run = house.say("email ana@example.org | s | b").await;
    let id = house.pending(run, 1).await.remove(0).card.approval_id;
    house.decide(id, Choice::Deny).await;
    house.run_when(run, RunStatus::Completed).await;
    assert_eq!(server.rest(), "");
}

#[tokio::test]
async fn if_one_recipient_is_refused_nobody_gets_the_mail() {
    let server = Server::start("plain");
    let house = House::with().mailer(server.mailer(Tls::None)).open().await;
    let (id, said) = send(&house, "email nobody@example.org | s | b").await;
    assert!(said.contains("send_email error not sent"), "{said}");
    assert!(said.contains("there is nobody of this name"), "{said}");
    house.approval_when(id, Status::Executed).await;
    assert_eq!(server.rest(), "");
}

#[tokio::test]
async fn a_server_that_does_not_take_the_text_has_not_got_it() {
    let mut server = Server::start("busy");
    let house = House::with().mailer(server.mailer(Tls::None)).open().await;
    let (_, said) = send(&house, "email ana@example.org | s | b").await;
    assert!(said.contains("send_email error not sent"), "{said}");
    server.mail();
    assert_eq!(server.rest(), "");
}

#[tokio::test]
async fn a_server_that_hangs_up_after_the_text_may_have_it_and_gets_it_once() {
    let mut server = Server::start("drop");
    let house = House::with().mailer(server.mailer(Tls::None)).open().await;
    let (id, said) = send(&house, "email ana@example.org | s | b").await;
    assert!(said.contains("send_email indeterminate it may have arrived"), "{said}");
    house.approval_when(id, Status::Indeterminate).await;
    let failed = house.audited(AuditKind::OutboundFailed).await;
    assert_eq!(failed[0].detail["outcome"], "indeterminate");
    server.mail();
    assert_eq!(server.rest(), "");
}

#[tokio::test]
async fn nothing_is_sent_in_the_clear_where_tls_is_required() {
    let server = Server::start("plain");
    let house = House::with().mailer(server.mailer(Tls::Starttls)).open().await;
    let (_, said) = send(&house, "email ana@example.org | s | b").await;
    assert!(said.contains("send_email error not sent"), "{said}");
    assert_eq!(server.rest(), "");
    let far = MailSettings {
        host: "mail.example.org".to_owned(),
        port: 25,
        tls: Tls::None,
        credentials: None,
        trusted: None,
    };
    assert!(SmtpMailer::new(far).is_err());
}

#[tokio::test]
async fn a_certificate_that_nobody_vouches_for_is_not_accepted() {
    let server = Server::start("starttls");
    let mailer = SmtpMailer::new(MailSettings {
        host: "localhost".to_owned(),
        port: server.port,
        tls: Tls::Starttls,
        credentials: None,
        trusted: None,
    });
    let house = House::with().mailer(mailer.unwrap()).open().await;
    let (_, said) = send(&house, "email ana@example.org | s | b").await;
    assert!(said.contains("send_email error not sent"), "{said}");
    assert_eq!(server.rest(), "");
}

#[tokio::test]
async fn who_signs_in_may_send_and_a_wrong_password_is_not_repeated() {
    let mut server = Server::start("auth");
    let mailer = server.mailer_as(Tls::Starttls, Some("hunter2-hunter2"));
    let house = House::with().mailer(mailer).open().await;
    let (_, said) = send(&house, "email ana@example.org | s | b").await;
    assert!(said.contains("send_email ok sent: 250"), "{said}");
    let mail = server.mail();
    assert_eq!((&mail["user"], &mail["tls"]), (&"agent".into(), &true.into()));
    for password in [Some("wrong-password"), None] {
        let mailer = server.mailer_as(Tls::Starttls, password);
        let house = House::with().mailer(mailer).open().await;
        let (id, said) = send(&house, "email ana@example.org | s | b").await;
        assert!(said.contains("send_email error not sent"), "{said}");
        assert!(!said.contains("wrong-password"), "{said}");
        house.approval_when(id, Status::Executed).await;
    }
    assert_eq!(server.rest(), "");
}

#[tokio::test]
async fn a_password_goes_to_nobody_who_does_not_speak_tls() {
    let server = Server::start("plain");
    let mailer = server.mailer_as(Tls::Starttls, Some("hunter2-hunter2"));
    let house = House::with().mailer(mailer).open().await;
    let (_, said) = send(&house, "email ana@example.org | s | b").await;
    assert!(said.contains("send_email error not sent"), "{said}");
    assert!(!said.contains("hunter2"), "{said}");
    assert_eq!(server.rest(), "");
}

/// The file that goes along with the first mail to `server`, as it arrived.
fn attachment(mail: &Value) -> String {
    let text = mail["text"].as_str().unwrap().replace("\r\n", "\n");
    let (_, part) = text.split_once("Content-Disposition: attachment").unwrap();
    let (head, rest) = part.split_once("\n\n").unwrap();
    let bytes = decoded(rest.split("\n--").next().unwrap());
    format!("{head}\n\n{}", String::from_utf8(bytes).unwrap())
}

/// The bytes of a part in base64.
fn decoded(part: &str) -> Vec<u8> {
    let letters: String = part.split_whitespace().collect();
    STANDARD.decode(letters).unwrap()
}

/// Bytes of every kind, the same each time.
fn noise(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed;
    let next = || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state.to_be_bytes()[1]
    };
    std::iter::repeat_with(next).take(length).collect()
}

#[tokio::test]
async fn no_file_can_speak_to_the_mail_server_and_each_arrives_byte_for_byte() {
    let mut server = Server::start("plain");
    let house = House::with().mailer(server.mailer(Tls::None)).open().await;
    let smuggled = "\r\nMAIL FROM:<ceo@example.org>\r\nRCPT TO:<thief@evil.test>\r\nDATA\r\n\r\nx";
    let ends = ["\n.\r\n", "\r\n.\n", "\r.\r", "\n.\n", "\r\n.\r", "\r\n.\r\n", "\n\r\n.\r\n"];
    let mut files: Vec<Vec<u8>> =
        ends.iter().map(|end| format!("all is well{end}{smuggled}{end}").into_bytes()).collect();
    files.extend((0..4).map(|seed| noise(seed, 3000)));
    files.extend([b"a\0\r\n.\n\0".to_vec(), vec![b'x'; 5000], Vec::new()]);
    for bytes in files {
        std::fs::write(house.workspace().join("report"), &bytes).unwrap();
        let run = house.say("email ana@example.org | s | b\nattach report").await;
        let card = house.pending(run, 1).await.remove(0).card;
        house.decide(card.approval_id, Choice::Once).await;
        house.run_when(run, RunStatus::Completed).await;
        let mail = server.mail();
        assert_eq!(mail["to"], serde_json::json!(["ana@example.org"]), "{bytes:?}");
        let text = mail["text"].as_str().unwrap().replace("\r\n", "\n");
        let (_, part) = text.split_once("Content-Disposition: attachment").unwrap();
        let part = part.split_once("\n\n").unwrap().1.split("\n--").next().unwrap();
        assert_eq!(Digest::of(&decoded(part)), card.attachments[0].digest, "{bytes:?}");
    }
    assert_eq!(server.rest(), "");
}

#[tokio::test]
async fn no_text_can_speak_to_the_mail_server() {
    let mut server = Server::start("plain");
    let house = House::with().mailer(server.mailer(Tls::None)).open().await;
    let long = "ä".repeat(2000);
    for body in ["a\r.\rMAIL FROM:<ceo@example.org>", long.as_str()] {
        let (_, said) =
            send(&house, &format!("email ana@example.org | {} | {body}", "ü ".repeat(90))).await;
        assert!(said.contains("send_email ok sent: 250"), "{said}");
        let text = server.mail()["text"].as_str().unwrap().to_owned();
        assert!(!text.contains("MAIL FROM"), "{text}");
        assert!(text.split("\r\n").all(|line| line.len() <= 998 && !line.contains(['\r', '\n'])));
    }
    assert_eq!(server.rest(), "");
}

#[tokio::test]
async fn a_file_leaves_as_the_card_showed_it_whatever_becomes_of_it_meanwhile() {
    let mut server = Server::start("plain");
    let house = House::with().mailer(server.mailer(Tls::None)).open().await;
    let path = house.workspace().join("report.txt");
    std::fs::write(&path, "all is well\n").unwrap();
    let run = house.say("email ana@example.org | s | b\nattach report.txt").await;
    let card = house.pending(run, 1).await.remove(0).card;
    let [file] = card.attachments.as_slice() else { panic!("{card:?}") };
    assert_eq!((file.name.as_str(), file.size), ("report.txt", 12));
    assert_eq!(file.digest, Digest::of(b"all is well\n"));
    assert_eq!(file.text.as_deref(), Some("all is well\n"));
    assert!(card.findings.iter().any(|one| one.id.as_str() == "outbound.attachment"));
    std::fs::write(&path, "nothing is well\n").unwrap();
    let house = house.reopen().await;
    std::fs::remove_file(&path).unwrap();
    house.decide(card.approval_id, Choice::Once).await;
    house.run_when(run, RunStatus::Completed).await;
    let sent = attachment(&server.mail());
    assert!(sent.contains("filename=\"report.txt\""), "{sent}");
    assert!(sent.ends_with("\n\nall is well\n"), "{sent}");
    assert_eq!(server.rest(), "");
}

#[tokio::test]
async fn a_rule_for_texts_covers_no_files() {
    let mut server = Server::start("plain");
    let house = House::with().mailer(server.mailer(Tls::None)).open().await;
    std::fs::write(house.workspace().join("report.txt"), "all is well\n").unwrap();
    let first = house.say("email ana@example.org | s | b").await;
    let id = house.pending(first, 1).await.remove(0).card.approval_id;
    house.decide(id, Choice::Always).await;
    house.run_when(first, RunStatus::Completed).await;
    server.mail();
    let second = house.say("email ana@example.org | s | other").await;
    house.run_when(second, RunStatus::Completed).await;
    server.mail();
    let third = house.say("email ana@example.org | s | b\nattach report.txt").await;
    house.pending(third, 1).await;
    assert_eq!(server.rest(), "");
}

#[tokio::test]
async fn only_plain_files_of_the_workspace_are_attached_and_none_that_hold_a_secret() {
    let server = Server::start("plain");
    let house = House::with().mailer(server.mailer(Tls::None)).open().await;
    let workspace = house.workspace();
    std::fs::write(workspace.join("key.txt"), format!("AKIA{}", "ABCDEFGHIJKLMNOP")).unwrap();
    std::fs::write(workspace.join(".env"), "x").unwrap();
    std::fs::write(workspace.join("large"), vec![b'x'; 1_000_001]).unwrap();
    std::os::unix::fs::symlink("/etc/passwd", workspace.join("link")).unwrap();
    for (path, words) in [
        ("/etc/passwd", "it is not in the workspace"),
        ("../countersign.db", "it is not in the workspace"),
        ("link", "it is not in the workspace"),
        (".env", "hidden files are not attached"),
        ("large", "all files together may have 1000000 bytes"),
        ("missing", "cannot attach"),
        (".", "cannot attach"),
        ("key.txt", "blocked secret_in_content"),
    ] {
        let run = house.say(&format!("email ana@example.org | s | b\nattach {path}")).await;
        let view = house.run_when(run, RunStatus::Completed).await;
        let said = format!("{:?}", view.run.state);
        assert!(said.contains(words), "{path}: {said}");
    }
    assert_eq!(server.rest(), "");
}
