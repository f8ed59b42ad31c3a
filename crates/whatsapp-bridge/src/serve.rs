//! Listening, on this machine alone.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::bridge::{Bridge, now};
use crate::http::router;

/// How often is swept.
const SWEEP: Duration = Duration::from_hours(1);

/// How long those who wait for messages are waited for at the end.
const LAST_ANSWERS: Duration = Duration::from_secs(2);

/// A bridge that listens.
pub struct Listening {
    address: SocketAddr,
    stop: CancellationToken,
    server: JoinHandle<io::Result<()>>,
    sweeper: JoinHandle<()>,
}

/// Listens at `address`, which is one of this machine's own, or nothing listens.
pub async fn listen(bridge: Arc<Bridge>, address: SocketAddr) -> io::Result<Listening> {
    if !address.ip().to_canonical().is_loopback() {
        let what = format!("{address} can be reached from other machines: use 127.0.0.1");
        return Err(io::Error::new(io::ErrorKind::InvalidInput, what));
    }
    let listener = TcpListener::bind(address).await?;
    let address = listener.local_addr()?;
    let stop = CancellationToken::new();
    let sweeper = tokio::spawn(sweep(bridge.clone()));
    let until = stop.clone().cancelled_owned();
    let work = axum::serve(listener, router(bridge)).with_graceful_shutdown(until);
    let server = tokio::spawn(async move { work.await });
    Ok(Listening { address, stop, server, sweeper })
}

impl Listening {
    /// Where.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns when it listens no more.
    pub async fn ended(&mut self) -> io::Result<()> {
        (&mut self.server).await.map_err(io::Error::other)?
    }

    /// Takes no more requests, lets those end that are at work, and stops.
    pub async fn stop(mut self) {
        self.stop.cancel();
        self.sweeper.abort();
        if tokio::time::timeout(LAST_ANSWERS, &mut self.server).await.is_err() {
            self.server.abort();
        }
    }
}

async fn sweep(bridge: Arc<Bridge>) {
    let mut hours = tokio::time::interval(SWEEP);
    loop {
        hours.tick().await;
        if let Err(error) = bridge.store.sweep(now()).await {
            tracing::warn!(%error, "what is old was not forgotten");
        }
    }
}
