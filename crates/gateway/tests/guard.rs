//! What the guard says of actions that are no shell commands, and of the operator's own rules.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails where it is")]

use std::collections::BTreeMap;
use std::sync::Arc;

use countersign_domain::action::Action;
use countersign_domain::outbound::{Attachment, Content, OutboundPolicy, SecretPolicy};
use countersign_domain::redaction::Redactor;
use countersign_domain::verdict::{Severity, Verdict};
use countersign_gateway::config::{ApprovalsConfig, RiskConfig, SecurityConfig};
use countersign_gateway::{Guard, GuardParts};

fn guard(approvals: &ApprovalsConfig) -> Guard {
    guard_in("/home/me/.countersign/workspace", approvals)
}

fn guard_in(workspace: &str, approvals: &ApprovalsConfig) -> Guard {
    let outbound = OutboundPolicy {
        allow_hosts: vec!["example.org".to_owned(), "*.example.net".to_owned()],
        ..OutboundPolicy::default()
    };
    guard_with(workspace, approvals, outbound)
}

fn guard_sending(outbound: OutboundPolicy) -> Guard {
    guard_with("/home/me/.countersign/workspace", &ApprovalsConfig::default(), outbound)
}

fn guard_with(workspace: &str, approvals: &ApprovalsConfig, outbound: OutboundPolicy) -> Guard {
    let mut security = SecurityConfig::default();
    security.protected_paths.push("/home/me/.countersign/workspace/payroll".to_owned());
    let engine = RiskConfig::default().engine(&security, |path| std::fs::read_to_string(path));
    let parts = GuardParts {
        workspace: workspace.to_owned(),
        gateway_home: "/home/me/.countersign".to_owned(),
        user_home: "/home/me".to_owned(),
        user: "me".to_owned(),
        protected_paths: security.protected_paths,
        outbound,
        scanner: Arc::new(Redactor::new([])),
        own_port: 8642,
    };
    Guard::new(engine.unwrap(), approvals.operator_rules().unwrap(), parts)
}

fn exec(command: &str) -> Action {
    Action::Exec {
        command: command.to_owned(),
        cwd: "/home/me/.countersign/workspace".to_owned(),
        env: BTreeMap::new(),
        timeout_s: 60,
        files: Vec::new(),
    }
}

fn read(path: &str) -> Action {
    Action::FileRead { path: path.to_owned() }
}

fn write(path: &str) -> Action {
    Action::FileWrite { path: path.to_owned(), content: "x".to_owned() }
}

fn request(method: &str, url: &str) -> Action {
    Action::HttpRequest {
        method: method.to_owned(),
        url: url.to_owned(),
        headers: BTreeMap::new(),
        body: String::new(),
    }
}

fn mail(to: &[&str], files: &[&str]) -> Action {
    let attached = files.iter().map(|path| Attachment {
        name: path.rsplit('/').next().unwrap().parse().unwrap(),
        path: Some((*path).to_owned()),
        content: Content::new(b"x".to_vec()),
    });
    Action::SendEmail {
        from: "agent@example.org".parse().unwrap(),
        to: to.iter().map(|address| address.parse().unwrap()).collect(),
        cc: Vec::new(),
        subject: "s".parse().unwrap(),
        body: "b".to_owned(),
        attachments: attached.collect(),
    }
}

fn message(destination: &str) -> Action {
    let destination = destination.parse().unwrap();
    Action::SendMessage { destination, name: None, text: "x".to_owned(), attachments: Vec::new() }
}

fn verdict(guard: &Guard, action: &Action) -> (Verdict, Option<String>) {
    let assessment = guard.assess(action).assessment;
    let first = assessment.findings().first().map(|finding| finding.id.to_string());
    (assessment.verdict(), first)
}

#[test]
fn files_are_free_in_the_workspace_asked_outside_and_closed_at_the_gateway() {
    let guard = guard(&ApprovalsConfig::default());
    let table = [
        (read("/home/me/.countersign/workspace/a.txt"), Verdict::Allow, None),
        (write("/home/me/.countersign/workspace/sub/a.txt"), Verdict::Allow, None),
        (
            write("/home/me/.countersign/workspace/.git/config"),
            Verdict::Ask,
            Some("fs.write_tool_config"),
        ),
        (read("/home/me/.countersign/workspace/.git/config"), Verdict::Allow, None),
        (read("/home/me/.countersign/countersign.db"), Verdict::Forbid, Some("guard.own_files")),
        (write("/home/me/.countersign/config.yaml"), Verdict::Forbid, Some("guard.own_files")),
        (read("/home/me/.countersign/operator.token"), Verdict::Forbid, Some("guard.own_files")),
        // A name that only begins like the workspace is not in it.
        (write("/home/me/.countersign/workspace-2/a"), Verdict::Forbid, Some("guard.own_files")),
        (read("/home/me/notes.txt"), Verdict::Ask, Some("fs.read_outside")),
        (write("/home/me/notes.txt"), Verdict::Ask, Some("fs.write_outside")),
        (read("/home/me/.ssh/id_ed25519"), Verdict::Ask, Some("fs.read_protected")),
        (write("/home/me/.bashrc"), Verdict::Ask, Some("fs.write_protected")),
        (write("/etc/passwd"), Verdict::Ask, Some("fs.write_protected")),
    ];
    for (action, expected, finding) in table {
        let found = verdict(&guard, &action);
        assert_eq!(found, (expected, finding.map(str::to_owned)), "{action:?}");
    }
}

#[test]
fn a_workspace_around_the_gateways_home_does_not_open_it() {
    let guard = guard_in("/home/me", &ApprovalsConfig::default());
    let table = [
        (read("/home/me/notes.txt"), Verdict::Allow),
        (read("/home/me/.countersign/operator.token"), Verdict::Forbid),
        (write("/home/me/.countersign/config.yaml"), Verdict::Forbid),
        (read("/home/me/.ssh/id_ed25519"), Verdict::Ask),
        (write("/home/me/.bashrc"), Verdict::Ask),
    ];
    for (action, expected) in table {
        assert_eq!(verdict(&guard, &action).0, expected, "{action:?}");
    }
}

#[test]
fn a_header_that_replaces_the_method_is_a_method() {
    let guard = guard(&ApprovalsConfig::default());
    let action = Action::HttpRequest {
        method: "GET".to_owned(),
        url: "https://example.org/item".to_owned(),
        headers: BTreeMap::from([("x-http-method-override".to_owned(), "DELETE".to_owned())]),
        body: String::new(),
    };
    assert_eq!(verdict(&guard, &action), (Verdict::Ask, Some("http.sends_data".to_owned())));
}

#[test]
fn requests_are_free_only_when_they_read_from_a_listed_host() {
    let guard = guard(&ApprovalsConfig::default());
    let table = [
        (request("GET", "https://example.org/a?b=c"), Verdict::Allow, None),
        (request("HEAD", "https://api.example.net/"), Verdict::Allow, None),
        (request("GET", "https://example.net/"), Verdict::Ask, Some("http.unlisted_host")),
        (request("GET", "https://evilexample.org/"), Verdict::Ask, Some("http.unlisted_host")),
        (
            request("GET", "https://example.org.evil.test/"),
            Verdict::Ask,
            Some("http.unlisted_host"),
        ),
        (request("POST", "https://example.org/"), Verdict::Ask, Some("http.sends_data")),
        (request("DELETE", "https://example.org/"), Verdict::Ask, Some("http.sends_data")),
        (request("GET", "http://127.0.0.1:8642/v1/runs"), Verdict::Forbid, Some("guard.own_api")),
        (request("POST", "http://localhost:8642/x"), Verdict::Forbid, Some("guard.own_api")),
        (request("GET", "http://[::1]:8642/"), Verdict::Forbid, Some("guard.own_api")),
        (request("GET", "http://[::ffff:127.0.0.1]:8642/"), Verdict::Forbid, Some("guard.own_api")),
        (request("GET", "http://0.0.0.0:8642/"), Verdict::Forbid, Some("guard.own_api")),
        (request("GET", "http://127.0.0.1:9000/"), Verdict::Ask, Some("http.unlisted_host")),
        (
            request("GET", "http://169.254.169.254/latest"),
            Verdict::Ask,
            Some("http.metadata_service"),
        ),
        (request("GET", "http://[64:ff9b::7f00:1]:8642/"), Verdict::Forbid, Some("guard.own_api")),
        (request("GET", "https://example.org:8443/"), Verdict::Ask, Some("http.unlisted_host")),
        (request("GET", "http://example.org:22/"), Verdict::Ask, Some("http.unlisted_host")),
        (
            request("GET", "https://user@example.org/"),
            Verdict::Forbid,
            Some("http.unclear_address"),
        ),
    ];
    for (action, expected, finding) in table {
        let found = verdict(&guard, &action);
        assert_eq!(found, (expected, finding.map(str::to_owned)), "{action:?}");
    }
}

#[test]
fn a_metadata_service_is_known_by_each_of_its_addresses() {
    let guard = guard(&ApprovalsConfig::default());
    for host in [
        "[64:ff9b::a9fe:a9fe]",
        "[::ffff:a9fe:a9fe]",
        "[2002:a9fe:a9fe::]",
        "[fd00:ec2::254]",
        "100.100.100.200",
        "168.63.129.16",
        "metadata.google.internal",
    ] {
        let action = request("GET", &format!("http://{host}/latest"));
        let found = verdict(&guard, &action);
        assert_eq!(found, (Verdict::Ask, Some("http.metadata_service".to_owned())), "{host}");
        assert_eq!(guard.assess(&action).covers(&action), None, "{host}");
    }
}

#[test]
fn a_secret_does_not_leave_even_to_a_listed_host() {
    let guard = guard(&ApprovalsConfig::default());
    let url = format!("https://example.org/?key=AKIA{}", "ABCDEFGHIJKLMNOP");
    assert_eq!(
        verdict(&guard, &request("GET", &url)),
        (Verdict::Forbid, Some("secret.in_content".to_owned()))
    );
}

#[test]
fn hidden_characters_in_a_path_or_address_are_asked_about() {
    let guard = guard(&ApprovalsConfig::default());
    let hidden = read("/home/me/.countersign/workspace/a\u{202e}txt");
    assert_eq!(verdict(&guard, &hidden), (Verdict::Ask, Some("text.deceptive".to_owned())));
}

#[test]
fn the_operators_rules_are_taken_strictest_first() {
    let approvals: ApprovalsConfig = serde_json::from_value(serde_json::json!({
        "deny": ["shutdown*", { "kind": "http_request", "destination": "* https://bad.test/*" }],
        "ask": ["ls secret*"],
        "allow": ["rm -r build", "shutdown now", { "kind": "file_read", "destination": "/srv/*" }],
    }))
    .unwrap();
    let guard = guard(&approvals);
    let table = [
        (exec("shutdown now"), Verdict::Forbid),
        (exec("ls; shutdown now"), Verdict::Forbid),
        (exec("true && /sbin/shutdown now"), Verdict::Forbid),
        (exec("echo $(shutdown -h now)"), Verdict::Forbid),
        (exec("sudo shutdown now"), Verdict::Forbid),
        (exec("ls secrets"), Verdict::Ask),
        (exec("ls other"), Verdict::Allow),
        (request("GET", "https://bad.test/x"), Verdict::Forbid),
        (read("/srv/data"), Verdict::Allow),
        (write("/srv/data"), Verdict::Ask),
        (exec("rm -r build"), Verdict::Allow),
        // Allowed only as it stands: with an operator it is another command.
        (exec("rm -r build; rm -r src"), Verdict::Ask),
    ];
    for (action, expected) in table {
        assert_eq!(verdict(&guard, &action).0, expected, "{action:?}");
    }
}

#[test]
fn the_operators_rules_look_at_every_recipient_on_its_own() {
    let approvals: ApprovalsConfig = serde_json::from_value(serde_json::json!({
        "deny": [
            { "kind": "send_email", "destination": "email:*@evil.test" },
            { "destination": "email:bob@example.org" },
            { "destination": "slack:C9" },
            { "destination": "POST http://localhost:9000/*" },
        ],
        "ask": [{ "destination": "email:press@*" }],
        "allow": [{ "destination": "email:*@example.org" }, { "destination": "slack:C1" }],
    }))
    .unwrap();
    let guard = guard(&approvals);
    let table = [
        (mail(&["ana@example.org"], &[]), Verdict::Allow),
        (mail(&["ana@example.org", "eve@example.org"], &[]), Verdict::Allow),
        (mail(&["thief@other.test", "ana@example.org"], &[]), Verdict::Ask),
        (mail(&["ana@example.org", "thief@other.test"], &[]), Verdict::Ask),
        (mail(&["thief@evil.test", "ana@example.org"], &[]), Verdict::Forbid),
        (mail(&["ana@example.org", "thief@evil.test"], &[]), Verdict::Forbid),
        (mail(&["thief@EVIL.test"], &[]), Verdict::Forbid),
        (mail(&["Bob@Example.org"], &[]), Verdict::Forbid),
        (mail(&["bob+x@example.org"], &[]), Verdict::Forbid),
        (mail(&["ana@example.org", "Press@example.org"], &[]), Verdict::Ask),
        (message("slack:C1"), Verdict::Allow),
        // What is allowed is allowed as it is written.
        (message("slack:c1"), Verdict::Ask),
        (message("slack:C1:t"), Verdict::Ask),
        (message("slack:c9"), Verdict::Forbid),
        (message("slack:C9:t"), Verdict::Forbid),
        (request("POST", "http://localhost:9000/x"), Verdict::Forbid),
    ];
    for (action, expected) in table {
        assert_eq!(verdict(&guard, &action).0, expected, "{action:?}");
    }
}

#[test]
fn no_lasting_choice_covers_a_mail_with_files() {
    let guard = guard(&ApprovalsConfig::default());
    let text = mail(&["ana@example.org"], &[]);
    assert!(guard.assess(&text).covers(&text).is_some());
    let with_file = mail(&["ana@example.org"], &["/home/me/.countersign/workspace/report.txt"]);
    let assessed = guard.assess(&with_file);
    assert_eq!(assessed.covers(&with_file), None);
    let said = assessed.assessment.findings().iter().any(|found| {
        found.id.as_str() == "outbound.attachment"
            && found.message.contains("no lasting choice covers it")
    });
    assert!(said, "{:?}", assessed.assessment);
}

#[test]
fn a_protected_file_is_no_attachment_like_others() {
    const WORKSPACE: &str = "/home/me/.countersign/workspace";
    let approvals: ApprovalsConfig = serde_json::from_value(serde_json::json!({
        "allow": [{ "kind": "send_email", "destination": "*" }, { "finding": "fs.read_protected" }],
    }))
    .unwrap();
    let exempting = OutboundPolicy {
        exempt: ["email:ana@example.org".to_owned()].into(),
        ..OutboundPolicy::default()
    };
    let free = OutboundPolicy { require_approval: false, ..OutboundPolicy::default() };
    let harmless = mail(&["ana@example.org"], &["/home/me/.countersign/workspace/a.txt"]);
    let payroll = mail(
        &["ana@example.org"],
        &["/home/me/.countersign/workspace/a.txt", "/home/me/.countersign/workspace/payroll/all"],
    );
    let own = mail(&["ana@example.org"], &["/home/me/.countersign/operator.token"]);
    for guard in [
        guard_with(WORKSPACE, &ApprovalsConfig::default(), exempting),
        guard_with(WORKSPACE, &ApprovalsConfig::default(), free),
        guard(&approvals),
    ] {
        assert_eq!(verdict(&guard, &harmless).0, Verdict::Allow);
        let asked = guard.assess(&payroll);
        assert_eq!(asked.assessment.verdict(), Verdict::Ask);
        let found = asked.assessment.findings().iter();
        let found = found.clone().find(|found| found.id.as_str() == "fs.read_protected").unwrap();
        assert!(found.message.contains("payroll/all"), "{found:?}");
        assert_eq!(asked.covers(&payroll), None);
        assert_eq!(verdict(&guard, &own).0, Verdict::Forbid);
    }
}

/// What every message here says if a person can see it.
const PLAIN: &str = "all is well";

/// Everything that can hold a text which leaves or is written, with `text` there.
fn with_text(text: &str) -> Vec<(&'static str, Action)> {
    let request = |header: &str, body: &str| Action::HttpRequest {
        method: "POST".to_owned(),
        url: "https://example.org/".to_owned(),
        headers: BTreeMap::from([("x-note".to_owned(), header.to_owned())]),
        body: body.to_owned(),
    };
    let mail = |body: &str, file: &str| Action::SendEmail {
        from: "me@a.example".parse().unwrap(),
        to: vec!["you@b.example".parse().unwrap()],
        cc: Vec::new(),
        subject: "s".parse().unwrap(),
        body: body.to_owned(),
        attachments: vec![Attachment {
            name: "a.txt".parse().unwrap(),
            path: None,
            content: Content::new(file.as_bytes().to_vec()),
        }],
    };
    let message = Action::SendMessage {
        destination: "webhook:ops".parse().unwrap(),
        name: None,
        text: text.to_owned(),
        attachments: Vec::new(),
    };
    vec![
        ("message", message),
        ("mail", mail(text, PLAIN)),
        ("attachment", mail(PLAIN, text)),
        ("header", request(text, PLAIN)),
        ("body", request(PLAIN, text)),
    ]
}

fn written(content: &str) -> Action {
    let path = "/home/me/.countersign/workspace/a.txt".to_owned();
    Action::FileWrite { path, content: content.to_owned() }
}

#[test]
fn hidden_characters_are_told_wherever_they_would_leave_or_be_written() {
    let guard = guard(&ApprovalsConfig::default());
    let told = |action: &Action| {
        let assessment = guard.assess(action).assessment;
        assessment.findings().iter().any(|finding| finding.id.as_str() == "text.deceptive")
    };
    for hidden in ['\u{202e}', '\u{200b}', '\u{2066}', '\u{feff}', '\u{e0041}', '\u{1b}', '\r'] {
        let text = format!("one\ntwo{hidden}three");
        for (place, action) in with_text(&text) {
            assert!(told(&action), "{place} U+{:04X}", u32::from(hidden));
        }
        assert!(told(&written(&text)), "U+{:04X}", u32::from(hidden));
        assert_eq!(verdict(&guard, &written(&text)).0, Verdict::Ask);
    }
    for plain in ["one\r\ntwo\r\n", "one\n\ttwo", "Grüße 漢 🙂"] {
        for (place, action) in with_text(plain) {
            assert!(!told(&action), "{place} {plain:?}");
        }
        assert_eq!(verdict(&guard, &written(plain)), (Verdict::Allow, None));
    }
}

#[test]
fn what_a_card_masks_does_not_leave_unsaid() {
    let text = "see TOKEN=Y3VzdG9tZXIgbGlzdCBvZiA0Mg and go";
    assert!(Redactor::new([]).redact(text).contains("TOKEN=…(26)"));
    let says = "26 characters are masked here and would be sent.";
    for (policy, verdict) in [
        // Only its place says that it may be a secret, so a person may let it go.
        (SecretPolicy::Forbid, Verdict::Ask),
        (SecretPolicy::Ask, Verdict::Ask),
        // The destinations are not exempt, and the card says what cannot be seen.
        (SecretPolicy::Off, Verdict::Ask),
    ] {
        let outbound = OutboundPolicy { secrets: policy, ..OutboundPolicy::default() };
        let guard = guard_sending(outbound);
        for (place, action) in with_text(text) {
            let assessment = guard.assess(&action).assessment;
            assert_eq!(assessment.verdict(), verdict, "{place}");
            let found = assessment.findings();
            let first = if policy == SecretPolicy::Off { found.last() } else { found.first() };
            let first = first.unwrap();
            assert_eq!((first.id.as_str(), first.message.as_str()), ("secret.in_content", says));
            let critical = first.severity == Severity::Critical;
            assert_eq!(critical, policy != SecretPolicy::Off);
        }
        for (place, action) in with_text(PLAIN) {
            let assessment = guard.assess(&action).assessment;
            let secret = assessment.findings().iter().any(|f| f.id.as_str() == "secret.in_content");
            assert!(!secret, "{place}");
        }
    }
}

#[test]
fn a_credential_in_a_header_is_masked_and_so_it_is_told() {
    let guard = guard_sending(OutboundPolicy {
        secrets: SecretPolicy::Ask,
        allow_hosts: vec!["example.org".to_owned()],
        ..OutboundPolicy::default()
    });
    let action = Action::HttpRequest {
        method: "GET".to_owned(),
        url: "https://example.org/".to_owned(),
        headers: BTreeMap::from([("authorization".to_owned(), "Bearer abcDEF123456".to_owned())]),
        body: String::new(),
    };
    let assessment = guard.assess(&action).assessment;
    let first = assessment.findings().first().unwrap();
    assert_eq!(first.message, "12 characters are masked here and would be sent.");
    assert_eq!(assessment.verdict(), Verdict::Ask);
}
