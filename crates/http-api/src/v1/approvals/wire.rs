//! An approval in JSON.

use std::collections::BTreeMap;

use countersign_domain::action::ActionKind;
use countersign_domain::approvals::{Choice, HistoryEntry, Moment, Status};
use countersign_domain::assessment::{FindingId, Reveal, Revealed, Span};
use countersign_domain::digest::Digest;
use countersign_domain::identity::{Actor, Principal};
use countersign_domain::ids::{ApprovalId, CallId, RuleId, RunId, SessionId};
use countersign_domain::outbound::ShownAttachment;
use countersign_domain::runs::{ApprovalRaised, Covers, ExecutionOutcome, ShownFinding};
use countersign_domain::time::Timestamp;
use countersign_domain::verdict::Severity;
use countersign_gateway::{ApprovalView, DecisionView, OutcomeView};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema};

use super::attention_wire::AttentionBody;
use super::files::{ContentEditBody, FileBody, files};

/// An approval: the durable question about one action.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Approval)]
pub(crate) struct ApprovalBody {
    #[schema(example = "approval")]
    object: &'static str,
    #[schema(value_type = String, example = "appr_0198c0de00007000800000000000000c")]
    approval_id: ApprovalId,
    #[schema(value_type = String)]
    session_id: SessionId,
    #[schema(value_type = String)]
    run_id: RunId,
    /// The tool call that waits for it.
    #[schema(value_type = String)]
    call_id: CallId,
    #[schema(schema_with = statuses)]
    status: Status,
    #[schema(schema_with = kinds)]
    kind: ActionKind,
    /// What will run, for `exec` and `code`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "rm -rf /srv/backups")]
    command: Option<String>,
    /// The interpreter, for `code`.
    #[serde(skip_serializing_if = "Option::is_none")]
    language: Option<String>,
    /// The working directory, for `exec` and `code`.
    #[serde(skip_serializing_if = "Option::is_none")]
    cwd: Option<String>,
    /// Where it goes, for the other kinds: a path or a URL.
    #[serde(skip_serializing_if = "Option::is_none")]
    destination: Option<String>,
    /// What goes there, for the other kinds.
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<String>,
    /// The files that go with it, for `send_email`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    attachments: Vec<AttachmentBody>,
    /// What it would really run, where `command` does not say so: decoded or resolved code.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    revealed: Vec<RevealedBody>,
    /// The environment of the process, for `exec` and `code`; secrets are masked.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    env: BTreeMap<String, String>,
    /// Files that it runs or reads, bound by their content.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    files: Vec<FileBody>,
    /// What `edit` can change; absent for kinds without such content, and where it holds a secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    draft: Option<String>,
    /// Why it is asked, in one sentence.
    description: String,
    /// Why it is asked, most important first.
    findings: Vec<FindingBody>,
    /// SHA-256 of exactly what will run.
    #[schema(value_type = String, pattern = "^sha256:[0-9a-f]{64}$")]
    digest: Digest,
    /// What may be answered.
    #[schema(schema_with = choices)]
    choices: Vec<Choice>,
    covers: CoversBody,
    /// On whose behalf it is asked.
    #[schema(value_type = String, example = "api:ci")]
    requested_by: Principal,
    /// Where it would happen: the name of the gateway's machine, or who else would do it.
    host: String,
    /// The signed token of the decision: for whoever asked with `POST /v1/approvals`, while it is good.
    #[serde(skip_serializing_if = "Option::is_none")]
    grant: Option<String>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When silence ends it; `null` waits for ever.
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Timestamp>,
    #[serde(flatten)]
    attention: AttentionBody,
    /// On whose card this call was counted; that one's decision approved this.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    share_of: Option<ApprovalId>,
    /// A person's answer.
    decision: Option<DecisionBody>,
    /// Whether it ran, and how that ended.
    outcome: Option<OutcomeBody>,
    /// What happened to it, oldest first.
    history: Vec<HistoryBody>,
}

/// One reason why a person is asked.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Finding)]
pub(crate) struct FindingBody {
    #[schema(value_type = String, example = "fs.recursive_delete")]
    pub(crate) id: FindingId,
    #[schema(value_type = String, example = "high")]
    pub(crate) severity: Severity,
    /// First byte and one past the last, in the text of the action.
    #[schema(value_type = Vec<u64>, min_items = 2, max_items = 2)]
    pub(crate) span: Span,
    pub(crate) message: String,
}

/// A file that goes with a mail.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Attachment)]
pub(crate) struct AttachmentBody {
    #[schema(example = "report.txt")]
    name: String,
    /// In bytes.
    #[schema(example = 1024)]
    size: u64,
    /// SHA-256 of exactly what will be sent.
    #[schema(value_type = String, pattern = "^sha256:[0-9a-f]{64}$")]
    digest: Digest,
    /// What it says, if it is a text; secrets are masked.
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
}

/// Code that would run and that a reader of the command does not see as such.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Revealed)]
pub(crate) struct RevealedBody {
    /// `decoded` (a script that was encoded or put together) or `resolved` (a command whose words
    /// are written otherwise).
    #[schema(value_type = String, example = "decoded")]
    how: Reveal,
    /// What would run; U+FFFD for what is only known at run time.
    #[schema(example = "rm -rf ./data")]
    text: String,
    /// First byte and one past the last of what makes it run, in the text of the action.
    #[schema(value_type = Vec<u64>, min_items = 2, max_items = 2)]
    span: Span,
}

/// What the lasting choices would cover, in a sentence each; absent where not offered.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Covers)]
pub(crate) struct CoversBody {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) session: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) always: Option<String>,
}

/// A person's answer.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Decision)]
pub(crate) struct DecisionBody {
    #[schema(schema_with = choice)]
    choice: Choice,
    #[schema(value_type = String, example = "operator")]
    by: Principal,
    reason: Option<String>,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// The rule that it left behind.
    #[schema(value_type = Option<String>)]
    rule_id: Option<RuleId>,
}

/// Whether an approved effect ran, and how that ended.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Outcome)]
pub(crate) struct OutcomeBody {
    /// `ok`, `failed`, `indeterminate` or `lapsed`.
    #[schema(value_type = String, example = "ok")]
    status: ExecutionOutcome,
    exit_code: Option<i32>,
    duration_ms: Option<u64>,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
}

/// One thing that happened to an approval.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = HistoryEntry)]
pub(crate) struct HistoryBody {
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// Who did it: `system`, or a principal.
    #[schema(value_type = String, example = "system")]
    actor: Actor,
    #[schema(value_type = String, example = "requested")]
    what: Moment,
    /// What a change of content made of the action.
    #[serde(skip_serializing_if = "Option::is_none")]
    edit: Option<ContentEditBody>,
}

impl From<ApprovalView> for ApprovalBody {
    fn from(view: ApprovalView) -> Self {
        let ApprovalRaised {
            approval_id,
            session_id,
            kind,
            command,
            language,
            cwd,
            destination,
            content,
            attachments,
            revealed,
            env,
            files: bound,
            description,
            findings,
            digest,
            choices,
            covers,
            requested_by,
            created_at,
            expires_at,
            attention,
        } = view.card;
        Self {
            object: "approval",
            approval_id,
            session_id,
            run_id: view.run_id,
            call_id: view.call_id,
            status: view.status,
            kind,
            command,
            language,
            cwd,
            destination,
            content,
            attachments: attachments.into_iter().map(AttachmentBody::from).collect(),
            revealed: revealed.into_iter().map(RevealedBody::from).collect(),
            env,
            files: files(bound, view.previews),
            draft: view.draft,
            description,
            findings: findings.into_iter().map(FindingBody::from).collect(),
            digest,
            choices,
            covers: covers.into(),
            requested_by,
            host: view.host,
            grant: view.grant,
            created_at,
            expires_at,
            attention: attention.into(),
            share_of: view.share_of,
            decision: view.decision.map(DecisionBody::from),
            outcome: view.outcome.map(OutcomeBody::from),
            history: view.history.into_iter().map(HistoryBody::from).collect(),
        }
    }
}

impl From<ShownFinding> for FindingBody {
    fn from(finding: ShownFinding) -> Self {
        let ShownFinding { id, severity, span, message } = finding;
        Self { id, severity, span, message }
    }
}

impl From<ShownAttachment> for AttachmentBody {
    fn from(ShownAttachment { name, size, digest, text }: ShownAttachment) -> Self {
        Self { name, size, digest, text }
    }
}

impl From<Revealed> for RevealedBody {
    fn from(Revealed { how, text, span }: Revealed) -> Self {
        Self { how, text, span }
    }
}

impl From<Covers> for CoversBody {
    fn from(Covers { session, always }: Covers) -> Self {
        Self { session, always }
    }
}

impl From<DecisionView> for DecisionBody {
    fn from(decision: DecisionView) -> Self {
        let DecisionView { choice, by, reason, at, rule_id } = decision;
        Self { choice, by, reason, at, rule_id }
    }
}

impl From<OutcomeView> for OutcomeBody {
    fn from(outcome: OutcomeView) -> Self {
        let OutcomeView { status, exit_code, duration_ms, at } = outcome;
        Self { status, exit_code, duration_ms, at }
    }
}

impl From<HistoryEntry> for HistoryBody {
    fn from(HistoryEntry { at, actor, what, edit }: HistoryEntry) -> Self {
        Self { at, actor, what, edit: edit.map(ContentEditBody::from) }
    }
}

fn words(words: impl IntoIterator<Item = &'static str>) -> RefOr<Schema> {
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(words)).into()
}

fn statuses() -> RefOr<Schema> {
    words(Status::ALL.map(Status::as_str))
}

fn kinds() -> RefOr<Schema> {
    words(ActionKind::ALL.map(ActionKind::as_str))
}

pub(super) fn choice() -> RefOr<Schema> {
    words(Choice::ALL.map(Choice::as_str))
}

fn choices() -> RefOr<Schema> {
    utoipa::openapi::schema::ArrayBuilder::new().items(choice()).into()
}
