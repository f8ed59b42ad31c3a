//! What an operator watches of one node, in the text form of Prometheus.
//!
//! Counted is what was committed ([`tally`]); what stands somewhere already is looked up when
//! somebody asks.

mod families;
mod tally;

use std::time::Duration;

use countersign_domain::runs::Stream;
use countersign_ports::store::StoreError;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use tokio::sync::Mutex;

use crate::gateway::Gateway;
use families::{ByState, Families, Unlabelled, of_stream};

pub(crate) use tally::{Counted, tally};

/// The media type of what [`Gateway::metrics`] writes.
pub const METRICS_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// How long what the store said stands: asking costs it some counting.
const STANDS: Duration = Duration::from_secs(1);

/// How long the store may take to say it.
const PATIENCE: Duration = Duration::from_secs(2);

/// The figures of one node.
pub(crate) struct Metrics {
    families: Families,
    registry: Registry,
    asked: Mutex<Option<Duration>>,
}

/// Somebody reads a stream as long as this is there.
pub(crate) struct Reading {
    readers: Gauge,
    delivered: Counter,
}

impl Default for Metrics {
    fn default() -> Self {
        let families = Families::default();
        Self { registry: families.registry(), families, asked: Mutex::default() }
    }
}

impl Metrics {
    /// A commit ended so after so long; counts what it was about, if it is durable.
    pub(crate) fn committed(
        &self,
        outcome: Result<(), &StoreError>,
        took: Duration,
        counted: Vec<Counted>,
    ) {
        self.families.commit(outcome, took);
        if outcome.is_ok() {
            for counted in counted {
                self.families.count(counted);
            }
        }
    }

    /// The others took this node for dead.
    pub(crate) fn expelled(&self) {
        self.families.expelled();
    }

    /// Somebody begins to read `stream`.
    pub(crate) fn reading(&self, stream: Stream) -> Reading {
        let label = of_stream(stream);
        let readers = self.families.readers.get_or_create_owned(&label);
        readers.inc();
        Reading { readers, delivered: self.families.delivered.get_or_create_owned(&label) }
    }
}

impl Reading {
    /// So many events were handed over.
    pub(crate) fn delivered(&self, events: usize) {
        self.delivered.inc_by(events.try_into().unwrap_or(u64::MAX));
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        self.readers.dec();
    }
}

impl Gateway {
    /// The figures of this node as they are now, in the form of [`METRICS_TYPE`]. What only the
    /// store knows is left out while it does not answer.
    pub async fn metrics(&self) -> String {
        let families = &self.metrics.families;
        let driven = i64::try_from(self.membership.drives().len()).unwrap_or(i64::MAX);
        families.driven.set(driven);
        families.draining.set(i64::from(self.is_draining()));
        families.say_bus(self.bus_state());
        for (state, count) in self.account_states() {
            families.accounts.get_or_create(&ByState { state }).set(count);
        }
        self.ask_store().await;
        let mut text = String::new();
        // Writing into memory cannot fail.
        if encode(&mut text, &self.metrics.registry).is_err() {
            tracing::error!("the figures could not be written");
        }
        text
    }

    async fn ask_store(&self) {
        let mut asked = self.metrics.asked.lock().await;
        let now = self.clock.steady();
        if asked.is_some_and(|then| now.saturating_sub(then) < STANDS) {
            return;
        }
        let families = &self.metrics.families;
        let told = tokio::time::timeout(PATIENCE, self.told_by_store()).await;
        let answered = matches!(told, Ok(Ok(_)));
        if let Ok(Ok(told)) = told {
            let all = [&families.pending, &families.working, &families.nodes];
            for (family, told) in all.into_iter().zip(told) {
                let told = i64::try_from(told).unwrap_or(i64::MAX);
                family.get_or_create(&Unlabelled).set(told);
            }
        } else {
            families.pending.clear();
            families.working.clear();
            families.nodes.clear();
        }
        families.store_up.set(i64::from(answered));
        *asked = Some(now);
    }

    /// Pending questions, runs at work, nodes.
    async fn told_by_store(&self) -> Result<[u64; 3], StoreError> {
        let pending = self.store.approvals().pending().await?;
        let working = self.store.runs().working().await?;
        let nodes = self.store.nodes().living().await?.len();
        Ok([pending, working, nodes.try_into().unwrap_or(u64::MAX)])
    }
}
