//! The fixtures of every format that was ever written. They are never edited: what they hold is in
//! somebody's database.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::path::Path;

use countersign_domain::action::{Action, ActionKind};
use countersign_domain::approvals::{
    Approval, ApprovalState, Ballot, Callback, CancelReason, ChannelPolicy, Choice, Decided,
    Decision, Draft, Foreign, HttpMatcher, Joining, LapseReason, Matcher, OutcomeStatus,
    RequesterMay, Rule, RuleScope, SendMatcher, Status, Terms, Touch, TriedBefore, WriteMatcher,
    cancel, decide, edit, execute, join, lapse, lose, record_delivery, route,
};
use countersign_domain::assessment::FindingId;
use countersign_domain::digest::Digest;
use countersign_domain::files::BoundFile;
use countersign_domain::identity::{Actor, Principal};
use countersign_domain::outbound::{Attachment, Content};
use countersign_domain::runs::{
    ApprovalNotice, ApprovalRaised, AsResponse, Attention, Cost, Course, Covers, Entry, EntryBody,
    Event, ExecutionNotice, ExecutionOutcome, Keeping, Progress, Question, Run, RunFailure,
    RunState, Session, ShownFinding, Spent, StopRequest, Thinking, ThinkingBlock, ThirdParty,
    Thought, ToolCallState, ToolResult, ToolStatus, Usage,
};

use countersign_domain::service_conversations::{ChatState, ServiceChat};
use countersign_ports::store::ApiKey;

use super::{Document, decode, encode};
use crate::conformance::samples::{
    approval, approval_of, at, audit, call, claimed, decided, entry, exec, finding, id, key,
    matcher, node, principal, rule, run, session,
};
use crate::conformance::{chats, service};

/// A missing fixture is written when `WRITE_MISSING_FIXTURES` is set; one that exists never is.
fn check<T: Document + PartialEq + Debug>(name: &str, expected: &T) {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/v1").join(format!("{name}.json"));
    if !path.exists() && std::env::var_os("WRITE_MISSING_FIXTURES").is_some() {
        let document = serde_json::to_string_pretty(expected).unwrap();
        std::fs::write(&path, document + "\n").unwrap();
    }
    let fixture = std::fs::read_to_string(&path).unwrap();
    let read = decode::<T>(1, &fixture, name);
    assert_eq!(read.as_ref(), Ok(expected), "{name}");
}

fn check_all<T: Document + PartialEq + Debug>(prefix: &str, values: &[(&str, T)]) {
    for (name, value) in values {
        check(&format!("{prefix}_{name}"), value);
    }
}

fn stop() -> StopRequest {
    StopRequest { by: Actor::Principal(Principal::Operator), at: at(5), failure: None }
}

fn failure() -> RunFailure {
    RunFailure {
        code: "model_unavailable".to_owned(),
        message: "the model did not answer; try again".to_owned(),
    }
}

#[test]
fn stored_sessions_keys_and_audit_records_stay_readable() {
    check("session", &session(1));
    check("key", &key(1, "ci"));
    check("key_used", &ApiKey { last_used_at: Some(at(9)), ..key(1, "ci") });
    check("node", &node(1));
    check("audit", &audit("appr_00000000000000000000000000000001"));
}

#[test]
fn stored_conversations_stay_readable() {
    check("conversation", &chats::conversation("town"));
    check("chat_run", &chats::chat_run(1, 1));
    check("chat_run_quoting", &chats::chat_run(2, 1));
    let card = chats::card(1, "town");
    check("card", &countersign_domain::chat::PostedCard { whole: false, ..card.clone() });
    check("card_whole", &card);
    let spoken_after = countersign_domain::chat::PostedCard { spoken_after: true, ..card };
    check("card_spoken_after", &spoken_after);
    check("owed_card", &chats::owed_card(1, 1));
    check("pairing", &chats::pairing(1, "ann"));
    check("unasked", &chats::unasked(9));
    check("note", &chats::note("read"));
}

#[test]
fn stored_service_chats_stay_readable() {
    let chat = service::service_chat(1);
    check("service_chat", &ServiceChat { limited: None, ..chat.clone() });
    check("service_chat_limited", &chat);
    let states = [
        ("unknown", ChatState::Unknown),
        ("pending", ChatState::PendingFirstContact { approval: id("appr_", 1), at: at(1) }),
        ("revoked", ChatState::Revoked { at: at(1), by: Actor::System }),
    ];
    let in_state = |state| ServiceChat { state, ..ServiceChat::unknown(chat.id.clone(), at(1)) };
    check_all("service_chat", &states.map(|(name, state)| (name, in_state(state))));
    check("said_by_provider", &service::said(1, 1, service::provider()));
    check("said_by_house", &service::said(2, 1, service::house()));
    let tools = BTreeSet::from(["clarify".to_owned()]);
    let third_party = Some(ThirdParty { chat: chat.id, tools });
    check("run_of_third_party", &Run { third_party, ..run(1, 1) });
    let (from, mark) = ("Movistar".to_owned(), "5f".to_owned());
    let body = EntryBody::ThirdParty { from, mark, text: "hello".to_owned() };
    check("entry_third_party", &Entry { body, ..entry(1, 1, 0) });
    let revoked = cancel(&approval(1, 1, 1), CancelReason::ChatRevoked, Actor::System, at(3));
    check("approval_cancelled_with_chat", &revoked.unwrap());
}

#[test]
fn stored_runs_stay_readable() {
    let output = "done".to_owned();
    let states = [
        ("queued", RunState::Queued),
        ("running", RunState::Running),
        ("waiting_for_approval", RunState::WaitingForApproval),
        ("waiting_for_answer", RunState::WaitingForAnswer),
        ("stopping", RunState::Stopping(stop())),
        ("completed", RunState::Completed { output }),
        ("failed", RunState::Failed { failure: failure() }),
        ("cancelled", RunState::Cancelled(stop())),
    ];
    check_all("run", &states.map(|(name, state)| (name, run(1, 1).moved(state, at(6)))));
    let usage = Usage { cache_read_tokens: 2, cache_write_tokens: 1, ..run(1, 1).usage };
    let spent = |model: &str, cost| Spent { model: model.to_owned(), usage, cost };
    let cost = Some(Cost::from_nano_usd(1_234_500));
    check("run_spent", &Run { spent: vec![spent("m", None), spent("n", cost)], ..run(1, 1) });
}

#[test]
fn what_other_programs_use_stays_readable() {
    let titled = Session { title: Some("the first".to_owned()), ..session(1) };
    check("session_titled", &titled);
    let previous = Some(id("run_", 1));
    for (name, keeping) in
        [("kept", Keeping::Kept), ("unkept", Keeping::Unkept), ("deleted", Keeping::Deleted)]
    {
        let response = Some(AsResponse { previous, given: 2, keeping });
        check(&format!("run_as_response_{name}"), &Run { response, ..run(2, 1) });
    }
    check("run_of_foreign_request", &Run { course: Course::Foreign, ..run(1, 1) });
    let callback = Callback::new("https://ci.example.org/hooks".to_owned());
    let foreign = Foreign {
        title: Some("nightly clean-up".to_owned()),
        approvers: BTreeSet::from([Principal::Operator]),
        callback: Some(callback),
    };
    let asked = Approval { foreign: Some(foreign), ..approval(1, 1, 1) };
    check("approval_foreign", &asked);
    let ended = cancel(&asked, CancelReason::RunStopped, Actor::System, at(3)).unwrap();
    check("approval_foreign_told", &ended.callback_attempted(at(3)).callback_taken(at(4)));
}

#[test]
fn stored_entries_stay_readable() {
    let text = "you are brief".to_owned();
    let mut system = entry(1, 1, 0);
    system.body = EntryBody::System { text: text.clone() };
    let mut assistant = entry(1, 1, 2);
    assistant.body = EntryBody::Assistant {
        message_id: id("msg_", 1),
        text,
        calls: vec![call(1, 1, 2, 0).call],
        thinking: None,
    };
    let user = entry(1, 1, 1);
    let mut thought = assistant.clone();
    if let EntryBody::Assistant { thinking, .. } = &mut thought.body {
        let signed = Thought::Signed { text: "hm".to_owned(), signature: "c2ln".to_owned() };
        let blocks = [signed, Thought::Sealed { data: "ZGF0YQ==".to_owned() }];
        let place = |thought| ThinkingBlock { text_before: 0, calls_before: 0, thought };
        let blocks = blocks.map(place).to_vec();
        *thinking = Some(Thinking { by: "anthropic/m".to_owned(), blocks });
    }
    let entries = [
        ("system", system),
        ("user", user),
        ("assistant", assistant),
        ("assistant_thinking", thought),
    ];
    check_all("entry", &entries);
}

#[test]
fn stored_calls_stay_readable() {
    let approval_id = id("appr_", 1);
    let question = Question { text: "which branch?".to_owned() };
    let result = ToolResult {
        status: ToolStatus::Ok,
        content: "ok\n".to_owned(),
        exit_code: Some(0),
        duration_ms: 12,
    };
    let started = ToolCallState::Started { at: at(3), approval_id: Some(approval_id) };
    let states = [
        ("proposed", ToolCallState::Proposed),
        ("awaiting_approval", ToolCallState::AwaitingApproval { approval_id }),
        ("awaiting_answer", ToolCallState::AwaitingAnswer { question }),
        ("started", started),
        ("done", ToolCallState::Done { result }),
    ];
    check_all(
        "call",
        &states.map(|(name, state)| {
            let mut value = call(1, 1, 2, 0);
            value.state = state;
            (name, value)
        }),
    );
}

#[test]
fn stored_approvals_stay_readable() {
    let pending = approval(1, 1, 1);
    let approved = decided(&pending, Choice::Session, "mattermost:4xp9f");
    let mut claimed_now = claimed(&approved, at(3));
    claimed_now.requester.tool = "terminal".to_owned();
    // Decisions of before there were grants had none.
    let mut claimed = claimed(&approved, at(3));
    if let ApprovalState::Claimed { decision, .. } = &mut claimed.state {
        decision.grant = None;
    }
    let mut expired = pending.clone();
    expired.state = ApprovalState::Expired { at: at(901) };
    let cancelled = cancel(&pending, CancelReason::RunStopped, Actor::System, at(3));
    let draft = Draft {
        action: pending.action.clone(),
        assessment: pending.assessment.clone(),
        offer: pending.offer.clone(),
    };
    let mut edited = pending.clone();
    edited.action = Action::FileWrite { path: "/etc/motd".to_owned(), content: "a".to_owned() };
    edited.digest = edited.action.digest();
    let action = Action::FileWrite { path: "/etc/motd".to_owned(), content: "b".to_owned() };
    let seen = edited.digest;
    let edited = edit(&edited, Draft { action, ..draft }, seen, (&principal("operator"), at(4)));
    let values = [
        ("edited", edited.unwrap()),
        ("denied", decided(&pending, Choice::Deny, "operator")),
        ("expired", expired),
        ("cancelled", cancelled.unwrap()),
        ("with_people", with_people(&pending)),
        ("executed", execute(&claimed, OutcomeStatus::Failed, Some(1), at(9)).unwrap()),
        ("indeterminate", lose(&claimed, at(9)).unwrap()),
        ("lapsed", lapse(&approved, LapseReason::StartedTooLate, at(99)).unwrap()),
        ("pending", pending),
        ("approved", approved),
        ("claimed", claimed),
        ("claimed_with_grant", claimed_now),
    ];
    check_all("approval", &values);
}

/// Votes, joined calls, an earlier denial, and a channel that could not be reached.
fn with_people(asked: &Approval) -> Approval {
    let touch = Touch { class: finding("").id, target: "name:origin".to_owned() };
    let terms = Terms {
        needed: 3,
        touches: BTreeSet::from([touch]),
        tried_before: vec![TriedBefore {
            approval_id: id("appr_", 7),
            at: at(0),
            denied_by: Principal::Operator,
            reason: Some("not on a Friday".to_owned()),
            same_action: false,
        }],
        audiences: route(
            &ChannelPolicy { channel: "mattermost:ops".parse().ok(), escalate_after: None },
            RequesterMay::NotApprove,
            asked.created_at,
            asked.expires_at,
        ),
    };
    let asked = asked.clone().under(terms);
    let joining = Joining {
        run_id: asked.requester.run_id,
        call_id: id("call_", 8),
        tool: &asked.requester.tool,
        digest: asked.digest,
        assessment: &asked.assessment,
    };
    let joined = join(&asked, joining, at(2)).unwrap();
    let asked = record_delivery(&joined, Err("nothing serves it".to_owned()), at(2)).unwrap();
    let decision = Decision::new(Choice::Session, principal("api:deputy"), None, at(3));
    let ballot = Ballot { decision, seat: principal("api:chief"), count: 2, needed: 3 };
    let Ok(Decided::Counted(voted)) = decide(&asked, ballot, None) else { return asked };
    *voted
}

#[test]
fn stored_actions_stay_readable_and_keep_their_digest() {
    let path = "/etc/hosts".to_owned();
    let Action::Exec { cwd, env, timeout_s, .. } = exec("ls") else {
        return;
    };
    let actions = [
        (
            "code",
            Action::Code {
                language: "python".to_owned(),
                source: "print('\u{202e}')\n".to_owned(),
                cwd,
                env: env.clone(),
                timeout_s,
                files: Vec::new(),
            },
        ),
        ("script", exec("./current").bound_to(files())),
        ("file_read", Action::FileRead { path: path.clone() }),
        ("file_write", Action::FileWrite { path, content: "\u{0}".to_owned() }),
        (
            "http_request",
            Action::HttpRequest {
                method: "POST".to_owned(),
                url: "https://api.example.org/v1?q=1".to_owned(),
                headers: env,
                body: "{}".to_owned(),
            },
        ),
        (
            "send_message",
            Action::SendMessage {
                destination: "webhook:ops".parse().unwrap(),
                name: Some("Ops".to_owned()),
                text: "hello\n".to_owned(),
                attachments: Vec::new(),
            },
        ),
        (
            "send_email",
            Action::SendEmail {
                from: "agent@example.org".parse().unwrap(),
                to: vec!["ana@example.org".parse().unwrap()],
                cc: vec!["ben@example.org".parse().unwrap()],
                subject: "Grüße".parse().unwrap(),
                body: "hello\n".to_owned(),
                attachments: Vec::new(),
            },
        ),
        ("send_email_with_file", mail_with_file()),
    ];
    let values = actions.map(|(name, action)| (name, approval_of(action, 1, 1, 1)));
    for (name, value) in &values {
        let doc = encode(value).unwrap();
        let read: Approval = decode(1, &doc, name).unwrap();
        assert_eq!(read.action.digest(), value.digest, "{name}");
    }
    check_all("approval_of", &values);
}

#[test]
fn stored_rules_stay_readable() {
    let findings = vec![FindingId::from_static("http.write")];
    let file = WriteMatcher { path: "/etc/hosts".to_owned(), findings: findings.clone() };
    let http = HttpMatcher {
        method: "POST".to_owned(),
        origin: "https://api.example.org".to_owned(),
        findings,
    };
    let session_id = id("sess_", 1);
    let sends = SendMatcher {
        tool: ActionKind::SendMessage,
        destination: "webhook:ops".to_owned(),
        findings: vec![FindingId::from_static("outbound.message")],
    };
    let of_session = rule(1, RuleScope::Session { session_id }, Some(at(9)));
    let with = |matcher| Rule {
        matcher,
        uses: 2,
        last_used_at: Some(at(7)),
        ..rule(2, RuleScope::Always, None)
    };
    let Matcher::Commands(commands) = matcher() else {
        return;
    };
    let scripted = Matcher::Commands(commands.running(&files()));
    let values = [
        ("of_session", of_session),
        ("commands", with(matcher())),
        ("commands_with_scripts", with(scripted)),
        ("http", with(Matcher::Http(http))),
        ("file_write", with(Matcher::FileWrite(file.clone()))),
        ("file_read", with(Matcher::FileRead(file))),
        ("send", with(Matcher::Send(sends))),
    ];
    check_all("rule", &values);
}

#[test]
fn stored_run_events_stay_readable() {
    let text = "hello".to_owned();
    let message_id = id("msg_", 1);
    let usage = Usage { input_tokens: 5, output_tokens: 7, ..Usage::default() };
    let started = Event::RunStarted { session_id: id("sess_", 1), model: "m".to_owned() };
    let fell_back = Event::ModelFellBack {
        from: "m".to_owned(),
        to: "n".to_owned(),
        reason: "overloaded".to_owned(),
    };
    let events = [
        ("run_started", started),
        ("run_recovered", Event::RunRecovered {}),
        ("model_fallback", fell_back),
        ("message_delta", Event::MessageDelta { message_id, delta: text.clone() }),
        (
            "message_completed",
            Event::MessageCompleted { message_id, text: text.clone(), usage: None },
        ),
        (
            "message_completed_counted",
            Event::MessageCompleted { message_id, text: text.clone(), usage: Some(usage) },
        ),
        ("run_completed", Event::RunCompleted { output: text, usage }),
        ("run_failed", Event::RunFailed { error: failure() }),
        ("run_cancelled", Event::RunCancelled { by: Actor::System }),
    ];
    check_all("event", &events);
}

#[test]
fn stored_tool_events_stay_readable() {
    let call_id = id("call_", 1);
    let tool = "exec".to_owned();
    let started = Event::ToolStarted { call_id, tool: tool.clone(), preview: "ls".to_owned() };
    let completed = Event::ToolCompleted {
        call_id,
        tool,
        status: ToolStatus::Denied,
        error: true,
        duration_ms: 0,
        output: "denied".to_owned(),
    };
    let question = "which branch?".to_owned();
    let answer = "main".to_owned();
    let events = [
        ("tool_started", started),
        ("tool_completed", completed),
        ("clarify_required", Event::ClarifyRequired { call_id, question }),
        ("clarify_answered", Event::ClarifyAnswered { call_id, answer }),
    ];
    check_all("event", &events);
}

#[test]
fn stored_approval_events_stay_readable() {
    let approval_id = id("appr_", 1);
    let updated = Event::ApprovalUpdated {
        approval_id,
        change: "reminded".to_owned(),
        expires_at: Some(at(900)),
        progress: None,
    };
    let counted = Event::ApprovalUpdated {
        approval_id,
        change: "voted".to_owned(),
        expires_at: None,
        progress: Some(Progress { count: 3, votes_given: 1, votes_needed: 2 }),
    };
    let resolved = Event::ApprovalResolved(ApprovalNotice {
        approval_id,
        status: Status::Denied,
        choice: Some(Choice::Deny),
        reason: Some("not today".to_owned()),
        decided_by: Some(principal("api:ci")),
    });
    let executed = Event::ApprovalExecuted(ExecutionNotice {
        approval_id,
        outcome: ExecutionOutcome::Ok,
        exit_code: Some(0),
        duration_ms: Some(12),
    });
    let bound = ApprovalRaised {
        env: BTreeMap::from([("PATH".to_owned(), "/usr/bin:/bin".to_owned())]),
        files: files(),
        ..raised()
    };
    let events = [
        ("approval_required", Event::ApprovalRequired(Box::new(raised()))),
        ("approval_required_with_files", Event::ApprovalRequired(Box::new(bound))),
        ("approval_updated", updated),
        ("approval_counted", counted),
        ("approval_resolved", resolved),
        ("approval_executed", executed),
    ];
    check_all("event", &events);
}

/// A script behind a link, and a file that must not be there.
fn files() -> Vec<BoundFile> {
    let script = BoundFile {
        path: "/srv/site/deploy.sh".to_owned(),
        named: Some("/srv/site/current".to_owned()),
        size: 8,
        sha256: Some(Digest::of(b"ls /srv\n")),
        runs: true,
    };
    let absent = BoundFile {
        path: "/srv/site/GNUmakefile".to_owned(),
        named: None,
        size: 0,
        sha256: None,
        runs: true,
    };
    vec![script, absent]
}

fn mail_with_file() -> Action {
    Action::SendEmail {
        from: "agent@example.org".parse().unwrap(),
        to: vec!["ana@example.org".parse().unwrap()],
        cc: Vec::new(),
        subject: "s".parse().unwrap(),
        body: "hello\n".to_owned(),
        attachments: vec![Attachment {
            name: "a.bin".parse().unwrap(),
            path: None,
            content: Content::new(b"\0\xffhello".to_vec()),
        }],
    }
}

fn raised() -> ApprovalRaised {
    let asked = approval(1, 1, 1);
    let found = finding(asked.action.text());
    ApprovalRaised {
        approval_id: asked.id,
        session_id: asked.requester.session_id,
        kind: ActionKind::Exec,
        command: Some(asked.action.text().to_owned()),
        language: None,
        cwd: asked.action.cwd().map(str::to_owned),
        destination: None,
        content: None,
        attachments: Vec::new(),
        revealed: Vec::new(),
        // As in events of before they were shown.
        env: BTreeMap::new(),
        files: Vec::new(),
        description: found.message.clone(),
        findings: vec![ShownFinding {
            id: found.id,
            severity: found.severity,
            span: found.span,
            message: found.message,
        }],
        digest: asked.digest,
        choices: asked.offer.choices,
        covers: Covers { session: Some("`git push --force…`".to_owned()), always: None },
        requested_by: asked.requester.principal,
        created_at: asked.created_at,
        expires_at: asked.expires_at,
        attention: Attention { audiences: Vec::new(), ..Attention::default() },
    }
}

#[test]
fn a_document_of_an_unknown_format_is_refused_by_name() {
    let refused = decode::<Approval>(2, "{}", "appr_1").unwrap_err();
    assert_eq!(
        refused.to_string(),
        "the stored approval `appr_1` cannot be read: it has format 2, and 1 is the newest known"
    );
}
