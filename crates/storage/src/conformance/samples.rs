//! Values to store. Ids are numbered, and higher numbers are younger.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::str::FromStr;
use std::time::Duration;

use countersign_domain::access::Scope;
use countersign_domain::action::Action;
use countersign_domain::approvals::commands::{CommandPattern, CommandsMatcher};
use countersign_domain::approvals::{
    Approval, ApprovalState, Asked, Choice, Decided, Decision, Matcher, Requester, Rule, RuleScope,
    Timing, claim, decide, offer, open,
};
use countersign_domain::assessment::{Assessment, Finding, FindingId, Span};
use countersign_domain::audit::{AuditKind, AuditRecord, NodeName};
use countersign_domain::digest::Digest;
use countersign_domain::grants::{Binding, for_decision, verify};
use countersign_domain::identity::{Actor, Principal};
use countersign_domain::nodes::{Node, NodeState};
use countersign_domain::runs::{
    Course, Entry, EntryBody, Event, ProposedCall, Run, RunState, Session, ToolCall, ToolCallState,
    Usage,
};
use countersign_domain::signing::{Purpose, SigningKey};
use countersign_domain::time::Timestamp;
use countersign_domain::verdict::{Severity, Verdict};
use countersign_ports::store::{ApiKey, Change};

/// An id: `prefix` is that of its kind.
pub fn id<T: FromStr<Err: Debug>>(prefix: &str, number: u32) -> T {
    format!("{prefix}{number:032x}").parse().unwrap()
}

/// So many seconds after a fixed instant.
pub fn at(seconds: u32) -> Timestamp {
    Timestamp::from_millis(1_795_000_000_000 + i64::from(seconds) * 1000)
}

/// The principal written as `text`.
pub fn principal(text: &str) -> Principal {
    text.parse().unwrap()
}

/// A session.
pub fn session(number: u32) -> Session {
    let (created_by, created_at) = (Principal::Operator, at(number));
    Session { id: id("sess_", number), created_by, created_at, title: None }
}

/// A queued run of a session.
pub fn run(number: u32, session: u32) -> Run {
    let metadata = serde_json::json!({"ticket": "OPS-1", "weight": 0.1, "deep": {"a": [1, null]}});
    Run {
        id: id("run_", number),
        session_id: id("sess_", session),
        requested_by: principal("api:ci"),
        instructions: Some("be brief — „kurz“".to_owned()),
        model: None,
        metadata: metadata.as_object().cloned().unwrap_or_default(),
        created_at: at(number),
        updated_at: at(number),
        state: RunState::Queued,
        entries: 2,
        steps: 3,
        active_ms: 1200,
        usage: Usage {
            input_tokens: 5,
            output_tokens: u64::from(u32::MAX) + 1,
            ..Usage::default()
        },
        spent: Vec::new(),
        steered: Vec::new(),
        without: Vec::new(),
        course: Course::default(),
        third_party: None,
        response: None,
    }
}

/// The changes that add session and run number 1.
pub fn first_run() -> [Change; 2] {
    [Change::AddSession(session(1)), Change::AddRun(Box::new(run(1, 1)))]
}

/// A node that takes work.
pub fn node(number: u32) -> Node {
    Node {
        id: id("node_", number),
        name: NodeName::local(),
        version: "0.1.0".to_owned(),
        address: format!("127.0.0.1:{number}"),
        signing_key: "k1".to_owned(),
        joined_at: at(number),
        state: NodeState::Serving,
    }
}

/// What a person said in a run.
pub fn entry(run: u32, session: u32, position: u32) -> Entry {
    Entry {
        session_id: id("sess_", session),
        run_id: id("run_", run),
        position,
        at: at(position),
        body: EntryBody::User { text: format!("run {run}, position {position}") },
    }
}

/// A proposed call of a run.
pub fn call(number: u32, run: u32, entry: u32, index: u32) -> ToolCall {
    ToolCall {
        call: ProposedCall {
            id: id("call_", number),
            provider_id: format!("toolu_{number}"),
            tool: "exec".to_owned(),
            arguments: "{\"command\":\"ls\"".to_owned(),
        },
        run_id: id("run_", run),
        entry,
        index,
        state: ToolCallState::Proposed,
    }
}

/// A command.
pub fn exec(command: &str) -> Action {
    Action::Exec {
        command: command.to_owned(),
        cwd: "/srv/site".to_owned(),
        env: BTreeMap::from([("PATH".to_owned(), "/usr/bin:/bin".to_owned())]),
        timeout_s: 120,
        files: Vec::new(),
    }
}

/// A finding about a whole text.
pub fn finding(text: &str) -> Finding {
    Finding {
        id: FindingId::from_static("vcs.force_push"),
        severity: Severity::High,
        verdict: Verdict::Ask,
        span: Span::whole(text.len()),
        message: "overwrites the history of a remote branch".to_owned(),
    }
}

/// What a rule for `git push --force` covers.
pub fn matcher() -> Matcher {
    Matcher::Commands(CommandsMatcher {
        commands: BTreeSet::from([CommandPattern {
            program: "git".to_owned(),
            subcommand: vec!["push".to_owned()],
            options: BTreeSet::from(["--force".to_owned()]),
            targets: BTreeSet::from(["name:origin".to_owned()]),
        }]),
        findings: BTreeSet::from([FindingId::from_static("vcs.force_push")]),
        root: "/srv/site".to_owned(),
        scripts: BTreeMap::new(),
    })
}

/// How long people have in these tests.
pub const TIMING: Timing = Timing {
    timeout: Some(Duration::from_mins(15)),
    remind_after: Some(Duration::from_secs(450)),
    start_within: Duration::from_mins(1),
};

/// A pending approval of a command, opened `number` seconds after the fixed instant.
pub fn approval(number: u32, run: u32, session: u32) -> Approval {
    approval_of(exec("git push --force origin main"), number, run, session)
}

/// A pending approval of `action`.
pub fn approval_of(action: Action, number: u32, run: u32, session: u32) -> Approval {
    let assessment = Assessment::from_findings(vec![finding(action.text())]);
    let covers = (matcher(), "`git push --force…` in repo `site`".to_owned());
    let offer = offer(&assessment, Some(covers), false);
    let requester = Requester {
        session_id: id("sess_", session),
        run_id: id("run_", run),
        call_id: id("call_", number),
        principal: principal("mattermost:4xp9f"),
        // As in approvals of before there were grants, which fixtures hold.
        tool: String::new(),
    };
    let id = id("appr_", number);
    let asked = Asked { action, assessment, revealed: Vec::new(), offer, requester };
    open(id, asked, TIMING, at(number))
}

/// The same approval after an answer.
pub fn decided(approval: &Approval, choice: Choice, by: &str) -> Approval {
    let when = approval.created_at.after(Duration::from_secs(1));
    let decision = Decision::new(choice, principal(by), Some("checked".to_owned()), when);
    match decide(approval, decision, None).unwrap() {
        Decided::Now(next) => *next,
        Decided::Before(_) | Decided::Counted(_) | Decided::CountedBefore(_) => approval.clone(),
    }
}

/// The same approved approval, proved by grant 1.
pub fn granted(approved: &Approval) -> Approval {
    let mut approved = approved.clone();
    if let ApprovalState::Approved { decision } = &mut approved.state {
        *decision = decision.clone().granting(id("grant_", 1));
    }
    approved
}

/// An approved approval, claimed with its grant.
pub fn claimed(approved: &Approval, when: Timestamp) -> Approval {
    let approved = granted(approved);
    let key = SigningKey::from_seed([1; 32]).unwrap();
    let (gateway, asked) = (id("gw_", 1), &approved.requester);
    let claims = for_decision(&approved, gateway).unwrap();
    let token = key.sign(Purpose::Grant, &claims.to_json()).unwrap();
    let binding = Binding::of(&approved.action, &asked.tool, asked.session_id, gateway);
    let keys = [key.verifying_key().clone()].into_iter().collect();
    claim(&approved, verify(&token, &keys, &binding, when).unwrap(), when).unwrap().approval
}

/// A rule.
pub fn rule(number: u32, scope: RuleScope, expires_at: Option<Timestamp>) -> Rule {
    Rule {
        id: id("rule_", number),
        scope,
        matcher: matcher(),
        describes: "`git push --force…` in repo `site`".to_owned(),
        made_by: principal("telegram:12345"),
        from_approval: id("appr_", number),
        created_at: at(number),
        expires_at,
        uses: 0,
        last_used_at: None,
    }
}

/// An event of a run that is not about an approval.
pub fn delta(run: u32, text: &str) -> Change {
    Change::AddEvent {
        run_id: id("run_", run),
        at: at(7),
        event: Event::MessageDelta { message_id: id("msg_", 1), delta: text.to_owned() },
    }
}

/// An event of a run that is about an approval.
pub fn reminded(run: u32) -> Change {
    Change::AddEvent {
        run_id: id("run_", run),
        at: at(8),
        event: Event::ApprovalUpdated {
            approval_id: id("appr_", 1),
            change: "reminded".to_owned(),
            expires_at: Some(at(900)),
            progress: None,
        },
    }
}

/// A line of the audit log.
pub fn audit(subject: &str) -> AuditRecord {
    AuditRecord {
        at: at(9),
        kind: AuditKind::ApprovalDecided,
        actor: Actor::Principal(Principal::Operator),
        subject: subject.to_owned(),
        session: Some(id("sess_", 1)),
        detail: serde_json::Map::from_iter([("choice".to_owned(), "once".into())]),
    }
}

/// A living key.
pub fn key(number: u32, name: &str) -> ApiKey {
    ApiKey {
        id: id("key_", number),
        name: name.parse().unwrap(),
        scopes: BTreeSet::from([Scope::Runs, Scope::ApprovalsDecide]),
        secret: Digest::of(&number.to_be_bytes()),
        created_by: Principal::Operator,
        created_at: at(number),
        expires_at: Some(at(1000)),
        revoked_at: None,
        last_used_at: None,
    }
}
