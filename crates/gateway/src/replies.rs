//! Every text that the gateway itself gives to an agent about its tool calls.
//!
//! A refusal says why, and that the same effect must not be reached otherwise.

use countersign_domain::approvals::{CancelReason, Decision, LapseReason};
use countersign_domain::assessment::Assessment;
use countersign_domain::grants::GrantError;
use countersign_domain::identity::{Actor, Principal};
use countersign_domain::runs::{ToolResult, ToolStatus};
use countersign_domain::time::Timestamp;

const DO_NOT_EVADE: &str = "Do not retry it, rephrase it or try to reach the same effect in another way; \
     go on without it, or tell the person what you would need.";

/// A person said no.
pub(crate) fn denied(decision: &Decision) -> ToolResult {
    let reason = match &decision.reason {
        Some(reason) => format!("Their reason: \"{reason}\"."),
        None => "They gave no reason.".to_owned(),
    };
    refused(
        ToolStatus::Denied,
        format!("{} denied this action; nothing was run. {reason} {DO_NOT_EVADE}", decision.by),
    )
}

/// Nobody answered in time.
pub(crate) fn expired(at: Timestamp) -> ToolResult {
    refused(
        ToolStatus::Expired,
        format!(
            "nobody decided about this action before {at}; nothing was run. \
             Silence is not consent. {DO_NOT_EVADE}"
        ),
    )
}

/// People have enough to decide already.
pub(crate) fn too_many_pending(most: u64) -> ToolResult {
    refused(
        ToolStatus::Blocked,
        format!(
            "nobody was asked about this action and nothing was run: {most} actions of this \
             conversation wait for people already, which is as many as may wait. Wait for those \
             decisions before you ask for more; do not try to reach the same effect in another way."
        ),
    )
}

/// The approval was cancelled with its run.
pub(crate) fn cancelled(reason: CancelReason) -> ToolResult {
    let why = match reason {
        CancelReason::RunStopped => "the run was stopped",
        CancelReason::RunFailed => "the run ended",
        CancelReason::DeniedTooOften => {
            "the run was stopped, since the same effect was denied too often,"
        }
        CancelReason::ChatRevoked => "the service chat was revoked",
    };
    refused(ToolStatus::Cancelled, format!("{why} before this action was decided; nothing was run"))
}

/// The decision was not used.
pub(crate) fn lapsed(reason: LapseReason) -> ToolResult {
    let (status, why) = match reason {
        LapseReason::StartedTooLate => {
            (ToolStatus::Expired, "it could not be started soon enough after the approval")
        }
        LapseReason::RunEnded => (ToolStatus::Cancelled, "the run ended first"),
        LapseReason::ContentChanged => {
            (ToolStatus::Error, "content_changed: what would have run is not what was shown")
        }
        LapseReason::Forbidden => (ToolStatus::Blocked, "the policy has come to forbid it since"),
        LapseReason::GrantRefused => {
            (ToolStatus::Error, "its grant was refused, which the gateway's log explains")
        }
        LapseReason::RateLimited => (
            ToolStatus::Error,
            "rate_limited: as much as `outbound.max_per_hour` allows has gone there meanwhile",
        ),
    };
    refused(status, format!("this action was approved, but {why}; nothing was run"))
}

/// A person changed the content before approving it.
pub(crate) fn edited(by: &Actor, content: &str) -> String {
    const SHOWN: usize = 8000;
    let shown: String = content.chars().take(SHOWN).collect();
    let rest = content.chars().count().saturating_sub(SHOWN);
    let rest =
        if rest == 0 { String::new() } else { format!("… {rest} characters not shown …\n") };
    format!(
        "{by} changed the content of this action on purpose before approving it. What was carried \
         out has this content, and not yours:\n----\n{shown}\n{rest}----\n\
         Take it as it is now; do not restore or repeat your own version. The result:"
    )
}

/// The guard forbids it.
pub(crate) fn forbidden(assessment: &Assessment) -> ToolResult {
    let why = reasons(assessment);
    refused(
        ToolStatus::Blocked,
        format!("this action is forbidden and no approval can allow it: {why}. {DO_NOT_EVADE}"),
    )
}

/// It would send a secret.
pub(crate) fn secret_in_content(assessment: &Assessment) -> ToolResult {
    let why = reasons(assessment);
    refused(
        ToolStatus::Blocked,
        format!("secret_in_content: {why}. Nothing was sent. {DO_NOT_EVADE}"),
    )
}

/// As much has gone there as may.
pub(crate) fn rate_limited(destination: &str, most: u32) -> ToolResult {
    refused(
        ToolStatus::Error,
        format!(
            "rate_limited: {most} messages an hour may go to {destination}, and that many have. \
             Nothing was sent. Wait, or tell the person."
        ),
    )
}

/// Its grant is not good.
pub(crate) fn grant_refused(error: &GrantError) -> ToolResult {
    refused(
        ToolStatus::Error,
        format!(
            "{}: {error}; nothing was sent. Only the gateway issues grants. Leave \
             `user_approval_token` out, and a person is asked.",
            error.code()
        ),
    )
}

/// No grant can be made.
pub(crate) fn no_grant() -> ToolResult {
    refused(
        ToolStatus::Error,
        "approval_required: nothing leaves without a grant, and the gateway cannot issue one now, \
         which its log explains; nothing was sent"
            .to_owned(),
    )
}

/// Why an action is forbidden, in one line.
pub(crate) fn reasons(assessment: &Assessment) -> String {
    match assessment.findings() {
        [] => "the operator's rules deny it".to_owned(),
        findings => {
            let messages = findings.iter().map(|f| f.message.trim_end_matches('.'));
            messages.collect::<Vec<_>>().join("; ")
        }
    }
}

/// Another program asked, and carries it out itself.
pub(crate) fn left_to_requester(who: &Principal) -> ToolResult {
    refused(ToolStatus::Ok, format!("approved; {who} carries it out"))
}

/// The gateway stopped while the effect may have been running.
pub(crate) fn indeterminate() -> ToolResult {
    refused(
        ToolStatus::Indeterminate,
        "the gateway stopped while this was running: it may have run, in part or whole, and will \
         not be run again. Look at its effects before you do anything that depends on them."
            .to_owned(),
    )
}

fn refused(status: ToolStatus, content: String) -> ToolResult {
    ToolResult { status, content, exit_code: None, duration_ms: 0 }
}
