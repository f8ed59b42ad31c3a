//! What an operator may change.

use countersign_command_risk::{Context, Engine, OverrideError, Policy};
use countersign_domain::assessment::FindingId;
use countersign_domain::verdict::{Severity, Verdict};

fn verdict(policy: Policy, command: &str) -> Verdict {
    let ctx = Context {
        cwd: "/home/ana/work/shop".into(),
        home: "/home/ana".into(),
        workspace: None,
        user: "ana".into(),
    };
    Engine::new(policy).assess(command, &ctx).assessment().verdict()
}

#[test]
fn a_finding_can_be_raised_or_lowered_but_nothing_forbidden_is_lowered() {
    let git = FindingId::from_static("git.loses_work");
    let raised =
        Policy::builtin().with_override(&git, None, Some(Verdict::Forbid)).expect("allowed");
    assert_eq!(verdict(raised, "git reset --hard"), Verdict::Forbid);
    let lowered = Policy::builtin()
        .with_override(&git, Some(Severity::Low), Some(Verdict::Allow))
        .expect("allowed");
    assert_eq!(verdict(lowered, "git reset --hard"), Verdict::Allow);
    let wipe = FindingId::from_static("fs.wipe_system");
    let refused = Policy::builtin().with_override(&wipe, None, Some(Verdict::Ask));
    assert_eq!(refused.err(), Some(OverrideError::Forbidden("fs.wipe_system".into())));
    let unknown = Policy::builtin().with_override(&FindingId::from_static("no.such"), None, None);
    assert_eq!(unknown.err(), Some(OverrideError::Unknown("no.such".into())));
}

#[test]
fn a_table_of_the_operator_teaches_a_new_tool() {
    let table = r#"{"family": "house", "tools": {"shopctl": {"values": "-e --env", "rules": ["allow: orders list|show", "cloud.change: orders purge"]}}}"#;
    let policy = Policy::builtin().with_tables(&[table]).expect("a good table");
    assert_eq!(verdict(policy.clone(), "shopctl -e prod orders list"), Verdict::Allow);
    assert_eq!(verdict(policy, "shopctl orders -e prod purge"), Verdict::Ask);
    assert!(Policy::builtin().with_tables(&["{}"]).is_err());
}

#[test]
fn protected_paths_are_asked_about() {
    let policy = Policy::builtin().with_protected_paths(["/home/ana/work/shop/ledger".to_owned()]);
    assert_eq!(verdict(policy.clone(), "echo x >> ledger/2026.csv"), Verdict::Ask);
    assert_eq!(verdict(policy, "echo x >> notes.csv"), Verdict::Allow);
}
