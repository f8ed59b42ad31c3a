//! What the nodes share: a store, and perhaps a bus.

use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use clap::ValueEnum;
use countersign_storage::throw_away::ThrowAway;
use tokio::process::{Child, Command};

use crate::proxy::{Behind, Proxy};

/// Which store the nodes share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum StoreKind {
    /// A server that this program starts, from the programs that are installed.
    Postgres,
    /// One file that all nodes on this machine open.
    Sqlite,
}

/// Which bus joins the nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum BusKind {
    /// None between processes: every node looks into the store.
    None,
    /// A NATS server that this program starts (`nats-server`, which `./test` installs).
    Nats,
}

/// The store, for as long as this lives.
#[derive(Debug, Clone)]
pub(crate) enum Store {
    Postgres(Arc<Mutex<ThrowAway>>),
    Sqlite(PathBuf),
}

impl Store {
    /// Starts a server, or names a file in `dir`. Every commit is on the disk before it counts.
    pub(crate) async fn start(kind: StoreKind, dir: &Path) -> Result<Self> {
        match kind {
            StoreKind::Sqlite => Ok(Self::Sqlite(dir.join("shared.db"))),
            StoreKind::Postgres => {
                let started = tokio::task::spawn_blocking(|| ThrowAway::start("-c fsync=on"));
                let server = started.await.context("PostgreSQL does not start")?;
                Ok(Self::Postgres(Arc::new(Mutex::new(server))))
            }
        }
    }

    /// What one node is told, and the door that it goes through.
    pub(crate) async fn place(&self) -> Result<(String, Option<Proxy>)> {
        match self {
            Self::Sqlite(path) => Ok((format!("sqlite:{}", path.display()), None)),
            Self::Postgres(server) => {
                let data = server.lock().unwrap_or_else(PoisonError::into_inner).data();
                let socket = data.parent().context("a directory")?.join(".s.PGSQL.5432");
                let proxy = Proxy::open(Behind::Socket(socket)).await?;
                let url = format!("postgres://postgres@{}/postgres", proxy.address());
                Ok((url, Some(proxy)))
            }
        }
    }

    /// The address of the server, with no door before it.
    pub(crate) fn address(&self) -> Option<String> {
        match self {
            Self::Sqlite(_) => None,
            Self::Postgres(server) => {
                Some(server.lock().unwrap_or_else(PoisonError::into_inner).address())
            }
        }
    }

    /// Ends the server as a machine that fails would, and starts it again after a while.
    pub(crate) async fn crash(&self, down: Duration) -> Result<()> {
        let Self::Postgres(server) = self else { return Ok(()) };
        let server = server.clone();
        let crashed = tokio::task::spawn_blocking(move || {
            let mut server = server.lock().unwrap_or_else(PoisonError::into_inner);
            server.kill();
            std::thread::sleep(down);
            server.resume();
        });
        crashed.await.context("PostgreSQL does not come back")
    }
}

/// A bus server, for as long as this lives.
#[derive(Debug)]
pub(crate) struct Bus {
    address: SocketAddr,
    _server: Child,
}

impl Bus {
    /// Starts the bus, if there is to be one.
    pub(crate) async fn start(kind: BusKind) -> Result<Option<Self>> {
        if kind == BusKind::None {
            return Ok(None);
        }
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let mut command = Command::new(bus_program());
        command.args(["--addr", "127.0.0.1", "--port", &address.port().to_string()]);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let server = command.kill_on_drop(true).spawn();
        let server = server.context("`nats-server` is neither on the path nor in target/tools")?;
        for _ in 0..100 {
            if tokio::net::TcpStream::connect(address).await.is_ok() {
                return Ok(Some(Self { address, _server: server }));
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        bail!("nats-server does not listen")
    }

    /// What one node is told, and the door that it goes through.
    pub(crate) async fn place(&self) -> Result<(String, Proxy)> {
        let proxy = Proxy::open(Behind::Address(self.address)).await?;
        Ok((format!("nats://{}", proxy.address()), proxy))
    }
}

/// Where `nats-server` is: where `./test` has put it, else on the path.
fn bus_program() -> PathBuf {
    let installed = Path::new(env!("CARGO_MANIFEST_DIR"));
    let installed = installed.join("../../target/tools/nats/bin/nats-server");
    if installed.exists() { installed } else { PathBuf::from("nats-server") }
}
