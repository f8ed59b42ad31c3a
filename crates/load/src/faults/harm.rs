//! The faults.

use std::time::Duration;

use anyhow::Result;

use super::ledger::Ledger;
use crate::cluster::Cluster;
use crate::dice::Dice;
use crate::node::Node;
use crate::proxy::{Gate, Proxy};
use crate::store::Store;

/// Who harms what.
#[derive(Clone, Copy)]
pub(super) struct Harm<'h> {
    pub(super) cluster: &'h Cluster,
    pub(super) ledger: &'h Ledger,
    pub(super) seed: u64,
    pub(super) runs: u64,
    pub(super) faults: u64,
    /// How long an approval stays open.
    pub(super) lasting: Duration,
}

/// What can happen to nodes and to what they share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    Kill,
    KillAll,
    Pause,
    PauseShortly,
    WrongClock,
    StoreCut,
    StoreStalled,
    StoreCutForAll,
    StoreCrash,
    BusCut,
    BusStalled,
}

impl Fault {
    const ALL: [Self; 11] = [
        Self::Kill,
        Self::KillAll,
        Self::Pause,
        Self::PauseShortly,
        Self::WrongClock,
        Self::StoreCut,
        Self::StoreStalled,
        Self::StoreCutForAll,
        Self::StoreCrash,
        Self::BusCut,
        Self::BusStalled,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::Kill => "fault: kill -9 of a node",
            Self::KillAll => "fault: kill -9 of all nodes",
            Self::Pause => "fault: a node stopped for longer than its lease",
            Self::PauseShortly => "fault: a node stopped for less than its lease",
            Self::WrongClock => "fault: kill -9, started with a wrong clock",
            Self::StoreCut => "fault: a node's connections to the store cut",
            Self::StoreStalled => "fault: a node's connections to the store stalled",
            Self::StoreCutForAll => "fault: all connections to the store cut",
            Self::StoreCrash => "fault: the database server crashed",
            Self::BusCut => "fault: a node's connection to the bus cut",
            Self::BusStalled => "fault: a node's connection to the bus stalled",
        }
    }

    fn is_possible(self, cluster: &Cluster) -> bool {
        let has_bus = cluster.nodes.iter().any(|node| node.to_bus().is_some());
        match self {
            Self::Kill | Self::KillAll | Self::Pause | Self::PauseShortly | Self::WrongClock => {
                true
            }
            Self::StoreCut | Self::StoreStalled | Self::StoreCutForAll | Self::StoreCrash => {
                matches!(cluster.store, Store::Postgres(_))
            }
            Self::BusCut | Self::BusStalled => has_bus,
        }
    }
}

impl Harm<'_> {
    /// Inflicts all faults, each when its share of the runs has begun.
    pub(super) async fn inflict(&self, ttl: Duration) -> Result<()> {
        let mut dice = Dice::of(self.seed, 0);
        let possible: Vec<_> =
            Fault::ALL.into_iter().filter(|fault| fault.is_possible(self.cluster)).collect();
        // Each kind once before any comes again, so that a short harm is a varied one.
        let mut left = Vec::new();
        for number in 0..self.faults {
            while self.ledger.begun() * self.faults < number * self.runs && !self.ledger.is_over() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            if left.is_empty() {
                left.clone_from(&possible);
            }
            if let Some(fault) = dice.pick(&left).copied() {
                left.retain(|other| *other != fault);
                self.one(fault, &mut dice, ttl).await?;
                self.ledger.count(fault.name());
            }
            self.ledger.harmed();
            for node in &self.cluster.nodes {
                node.revive().await?;
            }
            tokio::time::sleep(dice.millis(0, 500)).await;
        }
        Ok(())
    }

    async fn one(&self, fault: Fault, dice: &mut Dice, ttl: Duration) -> Result<()> {
        let node = self.cluster.any(dice)?;
        let ttl = u64::try_from(ttl.as_millis())?;
        // Some last for less than a lease, some for more.
        let span = dice.millis(ttl / 4, ttl * 5 / 2);
        match fault {
            Fault::Kill => {
                node.kill().await?;
                tokio::time::sleep(dice.millis(0, ttl * 2)).await;
                node.start().await
            }
            Fault::KillAll => self.kill_all(dice).await,
            Fault::Pause => stopped(node, dice.millis(ttl * 5 / 4, ttl * 5 / 2)).await,
            Fault::PauseShortly => stopped(node, dice.millis(0, ttl / 2)).await,
            Fault::WrongClock => {
                node.kill().await?;
                // Far less than approvals stay open, or all would be over before they are seen.
                let most = (self.lasting.as_secs() / 4).min(20);
                let off = i64::try_from(dice.roll(2 * most + 1))? - i64::try_from(most)?;
                node.set_clock(off);
                node.start().await
            }
            Fault::StoreCut => shut(node.to_store().into_iter(), Gate::Cut, span).await,
            Fault::StoreStalled => shut(node.to_store().into_iter(), Gate::Stalled, span).await,
            Fault::StoreCutForAll => {
                let all = self.cluster.nodes.iter().filter_map(|node| node.to_store());
                shut(all, Gate::Cut, span).await
            }
            Fault::StoreCrash => self.cluster.store.crash(dice.millis(0, 1000)).await,
            Fault::BusCut => shut(node.to_bus().into_iter(), Gate::Cut, span).await,
            Fault::BusStalled => shut(node.to_bus().into_iter(), Gate::Stalled, span).await,
        }
    }

    async fn kill_all(&self, dice: &mut Dice) -> Result<()> {
        for node in &self.cluster.nodes {
            node.kill().await?;
        }
        tokio::time::sleep(dice.millis(0, 500)).await;
        let starts = self.cluster.nodes.iter().map(|node| node.start());
        futures::future::try_join_all(starts).await.map(drop)
    }
}

async fn stopped(node: &Node, span: Duration) -> Result<()> {
    node.pause().await?;
    tokio::time::sleep(span).await;
    node.go_on().await
}

async fn shut<'p>(
    doors: impl Iterator<Item = &'p Proxy> + Clone,
    how: Gate,
    span: Duration,
) -> Result<()> {
    doors.clone().for_each(|door| door.set(how));
    tokio::time::sleep(span).await;
    doors.for_each(|door| door.set(Gate::Open));
    Ok(())
}
