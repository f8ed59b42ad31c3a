//! The counters, by name. Labels come from closed lists, so there is a bound on how many series a
//! node has, and none of them holds anything that somebody wrote.

use std::time::Duration;

use countersign_domain::approvals::{Choice, Status};
use countersign_domain::audit::AuditKind;
use countersign_domain::runs::{RunStatus, Stream};
use countersign_domain::verdict::Severity;
use countersign_ports::event_bus::BusState;
use countersign_ports::store::{Fault, StoreError};
use prometheus_client::encoding::{EncodeLabelSet, LabelSetEncoder};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

use super::tally::{Counted, SendOutcome};

/// From a quick click to a day.
const DECISION_BUCKETS: [f64; 13] =
    [0.1, 1.0, 5.0, 15.0, 30.0, 60.0, 120.0, 300.0, 900.0, 1800.0, 3600.0, 14_400.0, 86_400.0];

/// From a fast disk to a database that has all but stopped.
const COMMIT_BUCKETS: [f64; 13] =
    [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];

macro_rules! labels {
    ($($name:ident { $label:ident })*) => {$(
        #[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
        pub(super) struct $name {
            pub(super) $label: &'static str,
        }
    )*};
}

labels! {
    ByState { state }
    BySeverity { severity }
    ByChoice { choice }
    ByOutcome { outcome }
    ByKind { kind }
    ByStream { stream }
}

/// What has no label, and yet can be absent.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Unlabelled;

impl EncodeLabelSet for Unlabelled {
    fn encode(&self, _: &mut LabelSetEncoder<'_>) -> std::fmt::Result {
        Ok(())
    }
}

/// Every counter.
#[derive(Debug)]
pub(super) struct Families {
    runs: Family<ByState, Counter>,
    opened: Family<BySeverity, Counter>,
    decided: Family<ByChoice, Counter>,
    ended: Family<ByState, Counter>,
    decision: Histogram,
    commit: Histogram,
    units: Family<ByOutcome, Counter>,
    records: Family<ByKind, Counter>,
    events: Counter,
    sends: Family<ByOutcome, Counter>,
    beats: Counter,
    joined: Counter,
    buried: Counter,
    expelled: Counter,
    pub(super) readers: Family<ByStream, Gauge>,
    pub(super) delivered: Family<ByStream, Counter>,
    pub(super) driven: Gauge,
    pub(super) draining: Gauge,
    pub(super) bus: Family<ByState, Gauge>,
    pub(super) accounts: Family<ByState, Gauge>,
    pub(super) store_up: Gauge,
    /// Absent where the store does not say.
    pub(super) pending: Family<Unlabelled, Gauge>,
    pub(super) working: Family<Unlabelled, Gauge>,
    pub(super) nodes: Family<Unlabelled, Gauge>,
}

impl Default for Families {
    fn default() -> Self {
        let families = Self {
            runs: Family::default(),
            opened: Family::default(),
            decided: Family::default(),
            ended: Family::default(),
            decision: Histogram::new(DECISION_BUCKETS),
            commit: Histogram::new(COMMIT_BUCKETS),
            units: Family::default(),
            records: Family::default(),
            events: Counter::default(),
            sends: Family::default(),
            beats: Counter::default(),
            joined: Counter::default(),
            buried: Counter::default(),
            expelled: Counter::default(),
            readers: Family::default(),
            delivered: Family::default(),
            driven: Gauge::default(),
            draining: Gauge::default(),
            bus: Family::default(),
            accounts: Family::default(),
            store_up: Gauge::default(),
            pending: Family::default(),
            working: Family::default(),
            nodes: Family::default(),
        };
        families.begin_at_zero();
        families
    }
}

impl Families {
    /// Counts what has become durable.
    pub(super) fn count(&self, counted: Counted) {
        match counted {
            Counted::Run(status) => one(&self.runs, &ByState { state: status.as_str() }),
            Counted::Opened(severity) => one(&self.opened, &by_severity(severity)),
            Counted::Decided(choice, after) => {
                one(&self.decided, &ByChoice { choice: choice.as_str() });
                self.decision.observe(after.as_secs_f64());
            }
            Counted::Ended(status) => one(&self.ended, &ByState { state: status.as_str() }),
            Counted::Send(outcome) => one(&self.sends, &ByOutcome { outcome: outcome.as_str() }),
            Counted::Record(kind) => one(&self.records, &ByKind { kind: kind.as_str() }),
            Counted::Event => {
                self.events.inc();
            }
            Counted::Beat => {
                self.beats.inc();
            }
            Counted::Joined => {
                self.joined.inc();
            }
            Counted::Buried => {
                self.buried.inc();
            }
        }
    }

    /// Counts a commit that came to this after so long.
    pub(super) fn commit(&self, outcome: Result<(), &StoreError>, took: Duration) {
        let outcome = outcome.map_or_else(word, |()| COMMITTED);
        one(&self.units, &ByOutcome { outcome });
        self.commit.observe(took.as_secs_f64());
    }

    /// The others took this node for dead.
    pub(super) fn expelled(&self) {
        self.expelled.inc();
    }

    /// A series that is not there cannot be seen to grow for the first time.
    fn begin_at_zero(&self) {
        for state in RunStatus::ALL.map(RunStatus::as_str) {
            drop(self.runs.get_or_create(&ByState { state }));
        }
        for severity in [None, Some(Severity::Low), Some(Severity::Medium)] {
            drop(self.opened.get_or_create(&by_severity(severity)));
        }
        for severity in [Severity::High, Severity::Critical] {
            drop(self.opened.get_or_create(&by_severity(Some(severity))));
        }
        for choice in Choice::ALL.map(Choice::as_str) {
            drop(self.decided.get_or_create(&ByChoice { choice }));
        }
        let ends = Status::ALL.into_iter().filter(|status| !STILL_OPEN.contains(status));
        for state in ends.map(Status::as_str) {
            drop(self.ended.get_or_create(&ByState { state }));
        }
        for outcome in [COMMITTED].into_iter().chain(FAILURES) {
            drop(self.units.get_or_create(&ByOutcome { outcome }));
        }
        for kind in AuditKind::ALL.iter().map(|kind| kind.as_str()) {
            drop(self.records.get_or_create(&ByKind { kind }));
        }
        for outcome in SendOutcome::ALL.map(SendOutcome::as_str) {
            drop(self.sends.get_or_create(&ByOutcome { outcome }));
        }
        for stream in STREAMS {
            drop(self.readers.get_or_create(&ByStream { stream }));
            drop(self.delivered.get_or_create(&ByStream { stream }));
        }
    }

    /// Says which of its states the bus is in.
    pub(super) fn say_bus(&self, now: BusState) {
        for state in [BusState::Alone, BusState::Connected, BusState::Lost] {
            let label = ByState { state: state.as_str() };
            self.bus.get_or_create(&label).set(i64::from(state == now));
        }
    }

    /// Everything, under the names that operators see.
    pub(super) fn registry(&self) -> Registry {
        let mut all = Registry::with_prefix("countersign");
        let version = [("version", env!("CARGO_PKG_VERSION"))];
        all.register("build", "The program at work", Info::new(version));
        self.register_runs(&mut all);
        self.register_store(&mut all);
        self.register_nodes(&mut all);
        all
    }

    fn register_runs(&self, all: &mut Registry) {
        let runs = "Runs that came to a state, by the state";
        all.register("runs", runs, self.runs.clone());
        let opened = "Questions put to people, by the gravest finding";
        all.register("approvals_opened", opened, self.opened.clone());
        let decided = "Questions that people decided, by their choice";
        all.register("approvals_decided", decided, self.decided.clone());
        let ended = "Approvals that came to a state without or after a decision, by the state";
        all.register("approvals_ended", ended, self.ended.clone());
        let decision = "From a question to its decision";
        let unit = Unit::Seconds;
        all.register_with_unit("approval_decision", decision, unit, self.decision.clone());
        let pending = "Questions that wait for a decision, on all nodes together";
        all.register("approvals_pending", pending, self.pending.clone());
        let working = "Runs at work, on all nodes together";
        all.register("runs_working", working, self.working.clone());
        all.register("runs_driven", "Runs that this node drives", self.driven.clone());
        let sends = "What was to leave the house, by what became of it";
        all.register("outbox_sends", sends, self.sends.clone());
    }

    fn register_store(&self, all: &mut Registry) {
        let commit = "From a unit of work to its being durable or refused";
        let unit = Unit::Seconds;
        all.register_with_unit("store_commit_duration", commit, unit, self.commit.clone());
        let units = "Units of work, by what became of them";
        all.register("store_units", units, self.units.clone());
        let up = "Whether the store answered when this was asked";
        all.register("store_up", up, self.store_up.clone());
        all.register("audit_records", "Lines of the audit log, by kind", self.records.clone());
        all.register("events", "Events stored", self.events.clone());
        let readers = "Event streams that are being read, by what they tell";
        all.register("streams_open", readers, self.readers.clone());
        let delivered = "Events handed to readers of streams, by what they tell";
        all.register("stream_events_delivered", delivered, self.delivered.clone());
    }

    fn register_nodes(&self, all: &mut Registry) {
        all.register("node_beats", "How often this node said that it lives", self.beats.clone());
        all.register("node_joins", "How often this node joined", self.joined.clone());
        let expelled = "How often the others took this node for dead while it lived";
        all.register("node_expulsions", expelled, self.expelled.clone());
        let buried = "Nodes that this one found silent for too long";
        all.register("node_burials", buried, self.buried.clone());
        all.register("nodes", "Nodes at work on the store", self.nodes.clone());
        let draining = "Whether this node is about to stop";
        all.register("node_draining", draining, self.draining.clone());
        let accounts = "Bots on chat platforms whose connection this node keeps, by its state";
        all.register("platform_accounts", accounts, self.accounts.clone());
        all.register("bus_state", "1 for the state that the bus is in", self.bus.clone());
    }
}

/// Neither an end nor counted as one: a decision has its own counter.
const STILL_OPEN: [Status; 3] = [Status::Pending, Status::Approved, Status::Denied];

const STREAMS: [&str; 2] = ["run", "approvals"];

/// The word of a stream in a label.
pub(super) const fn of_stream(stream: Stream) -> ByStream {
    match stream {
        Stream::Run(_) => ByStream { stream: STREAMS[0] },
        Stream::Approvals => ByStream { stream: STREAMS[1] },
    }
}

const COMMITTED: &str = "committed";

const FAILURES: [&str; 9] = [
    "conflict",
    "expelled",
    "missing",
    "disk_full",
    "read_only",
    "corrupt",
    "other_failure",
    "unavailable",
    "unreadable",
];

fn word(error: &StoreError) -> &'static str {
    match error {
        StoreError::Conflict(_) => "conflict",
        StoreError::Expelled => "expelled",
        StoreError::Missing(_) => "missing",
        StoreError::Broken { fault: Fault::DiskFull, .. } => "disk_full",
        StoreError::Broken { fault: Fault::ReadOnly, .. } => "read_only",
        StoreError::Broken { fault: Fault::Corrupt, .. } => "corrupt",
        StoreError::Broken { .. } => "other_failure",
        StoreError::Unavailable(_) => "unavailable",
        StoreError::Unreadable { .. } => "unreadable",
    }
}

fn by_severity(severity: Option<Severity>) -> BySeverity {
    BySeverity { severity: severity.map_or("none", Severity::as_str) }
}

fn one<L>(family: &Family<L, Counter>, labels: &L)
where
    L: Clone + std::hash::Hash + Eq,
{
    family.get_or_create(labels).inc();
}
