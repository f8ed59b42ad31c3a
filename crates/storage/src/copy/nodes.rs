//! Whether somebody is at work on a store that is to be copied.

use std::time::Duration;

use countersign_domain::nodes::Living;
use countersign_ports::store::NodeReads;
use tokio::time::{Instant, sleep};

use super::{CopyError, Place, Side};
use crate::health::Health;
use crate::postgres::Lanes;
use crate::sqlite::Readers;

/// Who says nothing for so long is gone. A node speaks four times in its `nodes.lease_ttl`.
pub(super) const SILENCE: Duration = Duration::from_secs(10);

/// How often is listened.
const LISTEN_EVERY: Duration = Duration::from_millis(100);

/// Who is listed in a store as at work on it.
pub(super) struct Nodes<'a> {
    place: &'a Place,
    reads: Box<dyn NodeReads>,
}

impl<'a> Nodes<'a> {
    pub(super) fn at(place: &'a Place) -> Self {
        let reads: Box<dyn NodeReads> = match place {
            Place::Sqlite(path) => Box::new(Readers::new(path.clone(), Health::new())),
            Place::Postgres(server) => Box::new(Lanes::new((**server).clone(), 1, Health::new())),
        };
        Self { place, reads }
    }

    /// The source, when nobody is at work on it: at once if nobody is listed, else when all have
    /// said nothing for `silence`. Who was cut off stays listed.
    pub(super) async fn gone(
        &self,
        source: Side,
        silence: Duration,
        listens: impl FnOnce(usize),
    ) -> Result<Side, CopyError> {
        // While the source is open nobody else writes, so nobody can join.
        let listed = self.listed().await?;
        if listed.is_empty() {
            return Ok(source);
        }
        drop(source);
        listens(listed.len());
        let until = Instant::now() + silence;
        while Instant::now() < until {
            sleep(LISTEN_EVERY).await;
            self.refuse_life_since(&listed).await?;
        }
        let source = Side::source(self.place).await?;
        self.refuse_life_since(&listed).await?;
        Ok(source)
    }

    async fn refuse_life_since(&self, before: &[Living]) -> Result<(), CopyError> {
        match self.listed().await?.into_iter().find(|living| !before.contains(living)) {
            None => Ok(()),
            Some(Living { node, .. }) => Err(CopyError::AtWork {
                place: self.place.to_string(),
                node: node.name.to_string(),
                address: node.address,
            }),
        }
    }

    async fn listed(&self) -> Result<Vec<Living>, CopyError> {
        let listed = self.reads.living().await;
        listed.map_err(|error| CopyError::Store(self.place.to_string(), error))
    }
}
