//! Nodes: the processes that work on one store, and the work that each of them holds.
//!
//! A node is one life of one process. It joins when it starts, says at short intervals that it
//! lives, and holds the leases of what it works on. One that has been silent for the time to live is
//! buried by another: its entry and its leases go in one commit. Every later write of it is
//! refused, because each write of a node expects its entry to be there. So the entry is the fencing
//! token of everything that the node holds, and what comes back late cannot write.
//!
//! Silence is measured by whoever listens, with a clock that nobody sets: how long the same beat has
//! been seen. No two clocks are ever compared, so clocks that differ bury nobody.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::audit::NodeName;
use crate::ids::{NodeId, RunId};
use crate::time::Timestamp;

/// One life of one process.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Node {
    /// This life. A process that starts anew, or that was buried and joins again, is another node.
    pub id: NodeId,
    /// What the operator calls it; also what audit records name.
    pub name: NodeName,
    /// The program's version.
    pub version: String,
    /// Where it listens.
    pub address: String,
    /// Which key it signs with: the others must know it.
    pub signing_key: String,
    /// When it joined, by its own clock.
    pub joined_at: Timestamp,
    /// Whether it takes new work.
    pub state: NodeState,
}

/// Whether a node takes new work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NodeState {
    /// It does.
    Serving,
    /// It ends what it has, and leaves.
    Draining,
}

impl NodeState {
    /// Its name in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Serving => "serving",
            Self::Draining => "draining",
        }
    }
}

/// A node that has not been buried, with the number of its last sign of life.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Living {
    /// The node.
    pub node: Node,
    /// How often it has said that it lives.
    pub beat: u64,
}

/// Work that one node does at a time.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum LeaseName {
    /// Driving a run.
    Run(RunId),
    /// What time alone does: reminders, expiry, retention, checkpoints.
    Timers,
    /// The connection of one account of a chat platform: `mattermost/default`.
    Account(String),
}

/// A lease that is held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// Of what.
    pub name: LeaseName,
    /// By whom.
    pub holder: NodeId,
}

const RUN: &str = "run:";
const TIMERS: &str = "timers";
const ACCOUNT: &str = "account:";

/// A text that is no lease's name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not the name of a lease")]
pub struct InvalidLeaseName(String);

impl fmt::Display for LeaseName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Run(run) => write!(f, "{RUN}{run}"),
            Self::Timers => f.write_str(TIMERS),
            Self::Account(account) => write!(f, "{ACCOUNT}{account}"),
        }
    }
}

impl FromStr for LeaseName {
    type Err = InvalidLeaseName;

    fn from_str(text: &str) -> Result<Self, InvalidLeaseName> {
        let invalid = || InvalidLeaseName(text.to_owned());
        if let Some(run) = text.strip_prefix(RUN) {
            return run.parse().map(Self::Run).map_err(|_| invalid());
        }
        match text.strip_prefix(ACCOUNT) {
            Some(account) if !account.is_empty() => Ok(Self::Account(account.to_owned())),
            None if text == TIMERS => Ok(Self::Timers),
            Some(_) | None => Err(invalid()),
        }
    }
}

/// What one node has seen of the others.
#[derive(Debug, Clone, Default)]
pub struct Sightings(BTreeMap<NodeId, Sighting>);

/// The last beat that was seen, and when it was seen first.
#[derive(Debug, Clone, Copy)]
struct Sighting {
    beat: u64,
    since: Duration,
}

impl Sightings {
    /// Looks at the nodes that there are, at `now` on a clock that nobody sets, and says which of
    /// them have shown the same beat for `ttl` or longer, each with that beat.
    ///
    /// Whoever buries one of them must name the beat: a node that was heard of meanwhile lives.
    pub fn silent(&mut self, nodes: &[Living], now: Duration, ttl: Duration) -> Vec<(NodeId, u64)> {
        self.0.retain(|id, _| nodes.iter().any(|living| living.node.id == *id));
        let mut silent = Vec::new();
        for living in nodes {
            let fresh = Sighting { beat: living.beat, since: now };
            let seen = self.0.entry(living.node.id).or_insert(fresh);
            if seen.beat != living.beat {
                *seen = fresh;
            }
            if now.saturating_sub(seen.since) >= ttl {
                silent.push((living.node.id, living.beat));
            }
        }
        silent
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    const TTL: Duration = Duration::from_secs(10);

    fn living(id: u128, beat: u64) -> Living {
        Living {
            node: Node {
                id: NodeId::from_uuid(Uuid::from_u128(id)),
                name: NodeName::local(),
                version: "0".to_owned(),
                address: "127.0.0.1:1".to_owned(),
                signing_key: "k".to_owned(),
                joined_at: Timestamp::from_millis(0),
                state: NodeState::Serving,
            },
            beat,
        }
    }

    fn seconds(count: u64) -> Duration {
        Duration::from_secs(count)
    }

    #[test]
    fn a_node_is_silent_after_the_same_beat_for_its_time_to_live() {
        let mut seen = Sightings::default();
        let node = living(1, 5);
        let id = node.node.id;
        let nodes = [node];
        assert!(seen.silent(&nodes, seconds(100), TTL).is_empty());
        assert!(seen.silent(&nodes, seconds(109), TTL).is_empty());
        assert_eq!(seen.silent(&nodes, seconds(110), TTL), [(id, 5)]);
        assert!(seen.silent(&[living(1, 6)], seconds(111), TTL).is_empty());
    }

    #[test]
    fn whoever_was_away_buries_nobody_that_was_heard_of_meanwhile() {
        let mut seen = Sightings::default();
        assert!(seen.silent(&[living(1, 5)], seconds(0), TTL).is_empty());
        assert!(seen.silent(&[living(1, 900)], seconds(3600), TTL).is_empty());
    }

    #[test]
    fn a_node_that_left_is_forgotten() {
        let mut seen = Sightings::default();
        assert!(seen.silent(&[living(1, 5)], seconds(0), TTL).is_empty());
        assert!(seen.silent(&[], seconds(1), TTL).is_empty());
        assert!(seen.silent(&[living(1, 5)], seconds(30), TTL).is_empty());
    }

    #[test]
    fn names_of_leases_read_back_as_written() {
        let run = RunId::from_uuid(Uuid::from_u128(7));
        let names =
            [LeaseName::Run(run), LeaseName::Timers, LeaseName::Account("slack/work".to_owned())];
        for name in names {
            assert_eq!(name.to_string().parse(), Ok(name));
        }
        for text in ["", "run:", "run:x", "timer", "timers ", "account:", "Account:x"] {
            assert!(text.parse::<LeaseName>().is_err(), "{text}");
        }
    }

    proptest! {
        /// A node that beats more often than the time to live is never called silent, whenever the
        /// others look; one that stops is called so once somebody has looked for long enough.
        #[test]
        fn only_the_silent_are_called_silent(
            pauses in proptest::collection::vec(1_u64..4, 1..60),
            stops_after in 0_u64..60,
        ) {
            let mut seen = Sightings::default();
            let mut now = 0_u64;
            let mut first_seen_stopped = None;
            for pause in pauses {
                now += pause;
                // A beat a second, until it stops.
                let beat = now.min(stops_after);
                let silent = seen.silent(&[living(1, beat)], seconds(now), TTL);
                if now >= stops_after {
                    first_seen_stopped.get_or_insert(now);
                }
                let expected = first_seen_stopped.is_some_and(|since| now - since >= 10);
                prop_assert_eq!(!silent.is_empty(), expected);
            }
        }
    }
}
