//! Several nodes on one store.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use serde_json::{Map, Value, json};
use tempfile::TempDir;

use crate::api::Api;
use crate::dice::Dice;
use crate::node::{Node, Plan, program};
use crate::skew;
use crate::store::{Bus, BusKind, Store, StoreKind};

/// How long nodes may take to be able to work again when nothing is wrong any more.
const RECOVERY: Duration = Duration::from_mins(1);

/// What a cluster is made of.
#[derive(Debug, clap::Args)]
pub(crate) struct ClusterArguments {
    /// How many nodes
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u8).range(1..=16))]
    nodes: u8,
    /// What they share
    #[arg(long, value_enum, default_value_t = StoreKind::Postgres)]
    pub(crate) store: StoreKind,
    /// What joins them
    #[arg(long, value_enum, default_value_t = BusKind::None)]
    pub(crate) bus: BusKind,
    /// The program to drive [default: the one beside this one]
    #[arg(long, value_name = "FILE")]
    binary: Option<PathBuf>,
    /// Where everything is put while it lasts [default: the directory for temporary files]
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

impl ClusterArguments {
    /// What people call it.
    pub(crate) fn name(&self) -> String {
        let store = match self.store {
            StoreKind::Postgres => "PostgreSQL",
            StoreKind::Sqlite => "SQLite",
        };
        let bus = match self.bus {
            BusKind::None => "",
            BusKind::Nats => " and NATS",
        };
        let nodes = if self.nodes == 1 { "node" } else { "nodes" };
        format!("{store}{bus}, {} {nodes}", self.nodes)
    }
}

/// Nodes that run, what they share, and where it all is.
#[derive(Debug)]
pub(crate) struct Cluster {
    pub(crate) nodes: Vec<Arc<Node>>,
    pub(crate) store: Store,
    /// Where the agents of all nodes work.
    pub(crate) workspace: PathBuf,
    _bus: Option<Bus>,
    dir: TempDir,
}

impl Cluster {
    /// Starts all nodes with these settings: keys of the configuration and their values.
    pub(crate) async fn start(
        arguments: &ClusterArguments,
        settings: &[(&str, Value)],
        has_wrong_clocks: bool,
    ) -> Result<Self> {
        let parent = arguments.dir.clone().unwrap_or_else(std::env::temp_dir);
        let dir = tempfile::Builder::new().prefix("countersign-load-").tempdir_in(parent)?;
        let program = program(arguments.binary.as_deref())?;
        let store = Store::start(arguments.store, dir.path()).await?;
        let bus = Bus::start(arguments.bus).await?;
        let skew = if has_wrong_clocks { Some(skew::library(dir.path()).await?) } else { None };
        let workspace = dir.path().join("workspace");
        std::fs::create_dir(&workspace)?;
        let client = Api::client()?;
        let mut nodes = Vec::new();
        for number in 0..usize::from(arguments.nodes) {
            let (url, to_store) = store.place().await?;
            let mut config = Map::new();
            set(&mut config, "store.url", json!(url));
            set(&mut config, "agent.workspace", json!(workspace));
            set(&mut config, "audit.node", json!(format!("node-{number}")));
            set(&mut config, "gateway.requests_per_minute", json!(100_000_000));
            let mut to_bus = None;
            if let Some(bus) = &bus {
                let (url, proxy) = bus.place().await?;
                set(&mut config, "bus.url", json!(url));
                to_bus = Some(proxy);
            }
            for (key, value) in settings {
                set(&mut config, key, value.clone());
            }
            let place = dir.path().join(format!("node-{number}"));
            std::fs::create_dir(&place)?;
            let (program, skew, config) = (program.clone(), skew.clone(), Value::Object(config));
            let plan = Plan { number, program, dir: place, config, to_store, to_bus, skew };
            nodes.push(Arc::new(Node::prepare(plan, &client)?));
        }
        let cluster = Self { nodes, store, workspace, _bus: bus, dir };
        cluster.start_first().await?;
        Ok(cluster)
    }

    /// Starts the first node, which makes the key that all sign with, and then the others.
    async fn start_first(&self) -> Result<()> {
        let (first, others) = self.nodes.split_first().context("no node")?;
        first.start().await?;
        for other in others {
            copy_private(&first.home(), &other.home(), "signing-keys.json")?;
        }
        futures::future::try_join_all(others.iter().map(|node| node.start())).await?;
        self.ready().await
    }

    /// Any node.
    pub(crate) fn any(&self, dice: &mut Dice) -> Result<&Arc<Node>> {
        dice.pick(&self.nodes).context("no node")
    }

    /// Waits until every node can work; those that have ended are started.
    pub(crate) async fn ready(&self) -> Result<()> {
        let deadline = Instant::now() + RECOVERY;
        for node in &self.nodes {
            while !node.api().is_ready().await {
                node.revive().await?;
                if Instant::now() > deadline {
                    bail!("node {} is not ready; its log ends:\n{}", node.number(), node.log_end());
                }
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
        Ok(())
    }

    /// Keeps homes, logs and effects for whoever looks into what happened, and says where.
    pub(crate) fn keep(self) -> PathBuf {
        self.dir.keep()
    }
}

/// Sets `a.b` in a nested configuration.
fn set(config: &mut Map<String, Value>, key: &str, value: Value) {
    match key.split_once('.') {
        None => drop(config.insert(key.to_owned(), value)),
        Some((section, rest)) => {
            let section = config.entry(section).or_insert_with(|| json!({}));
            if let Value::Object(section) = section {
                set(section, rest, value);
            }
        }
    }
}

/// Copies a file that only its owner may read.
fn copy_private(from: &Path, to: &Path, file: &str) -> Result<()> {
    std::fs::copy(from.join(file), to.join(file)).with_context(|| file.to_owned())?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_become_sections() {
        let mut config = Map::new();
        set(&mut config, "store.url", json!("sqlite:/x"));
        set(&mut config, "store.connections", json!(3));
        set(&mut config, "a.b.c", json!(1));
        let expected =
            json!({"store": {"url": "sqlite:/x", "connections": 3}, "a": {"b": {"c": 1}}});
        assert_eq!(Value::Object(config), expected);
    }
}
