//! The section `retention`: how long what is over is kept.

use std::time::Duration;

use countersign_ports::duration::HumanDuration;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config::{ConfigProblem, Problem, problem};
use crate::sweep_old::Retention;

/// How long what is over is kept; `0` for ever. The audit log is always kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RetentionConfig {
    /// Events of runs that ended so long ago; strangers who wrote on a platform and were not heard
    /// for so long.
    pub events: HumanDuration,
    /// Runs that ended so long ago, with their conversation and approvals; files that came with messages
    /// and messages of service conversations that are so old.
    pub runs: HumanDuration,
    /// Sessions that began so long ago and have no runs any more.
    pub sessions: HumanDuration,
    /// What left the house so long ago: messages and mail, counted for their limits.
    pub outbox: HumanDuration,
}

const DAY: u64 = 24 * 60 * 60;

/// Limits count what was sent before, and the end of a call asks for the rows of its start.
const LIMITS_LOOK_BACK: Duration = Duration::from_secs(DAY);

impl Default for RetentionConfig {
    fn default() -> Self {
        Self {
            events: HumanDuration::from_secs(30 * DAY),
            runs: HumanDuration::from_secs(365 * DAY),
            sessions: HumanDuration::from_secs(365 * DAY),
            outbox: HumanDuration::from_secs(30 * DAY),
        }
    }
}

impl RetentionConfig {
    /// What the sweeper keeps to.
    pub fn retention(&self) -> Result<Retention, ConfigProblem> {
        Ok(Retention {
            events: span("retention.events", self.events)?,
            runs: span("retention.runs", self.runs)?,
            sessions: span("retention.sessions", self.sessions)?,
            outbox: match span("retention.outbox", self.outbox)? {
                Some(short) if short < LIMITS_LOOK_BACK => {
                    return Err(problem("retention.outbox", Problem::StillCounts(self.outbox)));
                }
                span => span,
            },
        })
    }
}

fn span(key: &str, span: HumanDuration) -> Result<Option<Duration>, ConfigProblem> {
    if span.0.is_zero() {
        return Ok(None);
    }
    if span.0 < Duration::from_hours(1) {
        return Err(problem(key, Problem::TooSoon(span)));
    }
    Ok(Some(span.0))
}
