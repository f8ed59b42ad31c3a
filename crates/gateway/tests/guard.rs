//! What the guard says of actions that are no shell commands, and of the operator's own rules.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails where it is")]

use std::collections::BTreeMap;
use std::sync::Arc;

use countersign_domain::action::Action;
use countersign_domain::outbound::OutboundPolicy;
use countersign_domain::redaction::Redactor;
use countersign_domain::verdict::Verdict;
use countersign_gateway::config::{ApprovalsConfig, RiskConfig, SecurityConfig};
use countersign_gateway::{Guard, GuardParts};

fn guard(approvals: &ApprovalsConfig) -> Guard {
    guard_in("/home/me/.countersign/workspace", approvals)
}

fn guard_in(workspace: &str, approvals: &ApprovalsConfig) -> Guard {
    let security = SecurityConfig::default();
    let engine = RiskConfig::default().engine(&security, |path| std::fs::read_to_string(path));
    let parts = GuardParts {
        workspace: workspace.to_owned(),
        gateway_home: "/home/me/.countersign".to_owned(),
        user_home: "/home/me".to_owned(),
        user: "me".to_owned(),
        protected_paths: security.protected_paths,
        outbound: OutboundPolicy {
            allow_hosts: vec!["example.org".to_owned(), "*.example.net".to_owned()],
            ..OutboundPolicy::default()
        },
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
