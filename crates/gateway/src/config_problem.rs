//! What is wrong with a value of the configuration.

use countersign_command_risk::OverrideError;
use countersign_domain::approvals::InvalidChannel;
use countersign_domain::assessment::InvalidFindingId;
use countersign_domain::audit::chain::InvalidNodeName;
use countersign_domain::audit::checkpoint::MOST_COVERED;
use countersign_domain::identity::InvalidPrincipal;
use countersign_domain::service_conversations::InvalidServiceSetting;
use countersign_ports::duration::HumanDuration;

use crate::operator_rules::InvalidOperatorRule;

/// A value that cannot be used; names its key.
#[derive(Debug, thiserror::Error)]
#[error("`{key}`: {problem}")]
pub struct ConfigProblem {
    /// The key, with dots.
    pub key: String,
    /// What is wrong, and what is accepted.
    pub problem: Problem,
}

/// What is wrong with a value.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// Not a principal.
    #[error("{0}; `requester` and `admins` are accepted too")]
    Principal(#[from] InvalidPrincipal),
    /// Nobody could decide.
    #[error("nobody could decide anything; name at least one approver")]
    NoApprovers,
    /// Not somebody who could have or hold a delegation.
    #[error("{0}")]
    Delegate(InvalidPrincipal),
    /// Not an instant.
    #[error("`{0}` is not an instant in RFC 3339 such as `2026-12-24T18:00:00Z`")]
    NoInstant(String),
    /// Nobody would have to agree.
    #[error("`0` would approve by itself; use 1 or more")]
    NoQuorum,
    /// More must agree than there are.
    #[error("{wanted} must agree, but `approvals.approvers` names only {named}")]
    QuorumOutOfReach {
        /// How many must.
        wanted: u32,
        /// How many there are.
        named: usize,
    },
    /// Not a destination.
    #[error(transparent)]
    Channel(#[from] InvalidChannel),
    /// Nowhere to escalate to.
    #[error("there is nowhere to ask; set `approvals.channel` too")]
    NoChannel,
    /// Not a rule.
    #[error(transparent)]
    Rule(#[from] InvalidOperatorRule),
    /// Not a finding.
    #[error(transparent)]
    FindingId(#[from] InvalidFindingId),
    /// Not allowed for this finding.
    #[error(transparent)]
    Override(#[from] OverrideError),
    /// A table cannot be read.
    #[error("{0}")]
    Table(String),
    /// Not a name.
    #[error(transparent)]
    Node(InvalidNodeName),
    /// Not a time of the day.
    #[error("`{0}` is not a time of the day such as `04:30`")]
    NoTime(String),
    /// Not a name for a command, or not one that stands for anything.
    #[error("{0}")]
    Command(String),
    /// Never, or too rarely.
    #[error("use a number from 1 to {MOST_COVERED}")]
    CheckpointEvery,
    /// Not a destination, a name, a mail address or the address of a webhook.
    #[error("{0}")]
    Outbound(String),
    /// Not a setting of service conversations.
    #[error("{0}")]
    Service(#[from] InvalidServiceSetting),
    /// More than a limit may be.
    #[error("`{given}` is not accepted: use a number from 0 to {most}")]
    Limit {
        /// What was given.
        given: u32,
        /// The most.
        most: u32,
    },
    /// Not the address of a bridge.
    #[error("`{0}` is not accepted: write `http://127.0.0.1:PORT`, an address of this machine")]
    Bridge(String),
    /// Nothing is connected under this name.
    #[error("there is no such platform; known: {0}")]
    NoPlatform(String),
    /// Too short to be meant.
    #[error("`{0}` is too short; use at least one second")]
    TooShort(HumanDuration),
    /// Too short to look anything up.
    #[error("`{0}` is too short; use at least one hour, such as `30d`, or `0` to keep everything")]
    TooSoon(HumanDuration),
    /// A time to live that buries the busy, or nobody.
    #[error("`{0}` does not work; use from `2s` to `10m`")]
    LeaseTtl(HumanDuration),
    /// Limits still count it.
    #[error("`{0}` is too short: limits still count what was sent; use at least `1d`")]
    StillCounts(HumanDuration),
}

pub(crate) fn problem(key: &str, problem: Problem) -> ConfigProblem {
    ConfigProblem { key: key.to_owned(), problem }
}

pub(crate) fn named(key: String, error: impl Into<Problem>) -> ConfigProblem {
    ConfigProblem { key, problem: error.into() }
}
