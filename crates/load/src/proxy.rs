//! A door between one node and what it depends on, which can be shut.

use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::sync::watch;

/// How the door stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Gate {
    /// Everything passes.
    Open,
    /// Connections stay, and nothing passes; what was sent arrives when it opens.
    Stalled,
    /// Connections break, new ones too; what was under way is lost.
    Cut,
}

/// What is behind the door.
#[derive(Debug, Clone)]
pub(crate) enum Behind {
    /// A socket in the file system.
    Socket(PathBuf),
    /// An address.
    Address(SocketAddr),
}

/// A listener that passes connections on.
#[derive(Debug)]
pub(crate) struct Proxy {
    address: SocketAddr,
    gate: watch::Sender<Gate>,
}

impl Proxy {
    /// Opens a door to `behind`, for as long as this process lives.
    pub(crate) async fn open(behind: Behind) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await.context("a proxy")?;
        let address = listener.local_addr()?;
        let (gate, stands) = watch::channel(Gate::Open);
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                tokio::spawn(pass(near, behind.clone(), stands.clone()));
            }
        });
        Ok(Self { address, gate })
    }

    /// Where it listens.
    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Opens or shuts it.
    pub(crate) fn set(&self, gate: Gate) {
        self.gate.send_replace(gate);
    }
}

/// Passes one connection on, until either end is over or the door is cut.
async fn pass(near: TcpStream, behind: Behind, mut stands: watch::Receiver<Gate>) {
    let mut cut = stands.clone();
    let work = async move {
        if stands.wait_for(|gate| *gate == Gate::Open).await.is_err() {
            return;
        }
        drop(near.set_nodelay(true));
        match behind {
            Behind::Socket(path) => {
                if let Ok(far) = UnixStream::connect(path).await {
                    both_ways(near, far, stands).await;
                }
            }
            Behind::Address(address) => {
                if let Ok(far) = TcpStream::connect(address).await {
                    drop(far.set_nodelay(true));
                    both_ways(near, far, stands).await;
                }
            }
        }
    };
    tokio::select! {
        () = work => {}
        _ = cut.wait_for(|gate| *gate == Gate::Cut) => {}
    }
}

async fn both_ways(
    near: impl AsyncRead + AsyncWrite,
    far: impl AsyncRead + AsyncWrite,
    stands: watch::Receiver<Gate>,
) {
    let (near_reads, near_writes) = tokio::io::split(near);
    let (far_reads, far_writes) = tokio::io::split(far);
    tokio::select! {
        () = one_way(near_reads, far_writes, stands.clone()) => {}
        () = one_way(far_reads, near_writes, stands) => {}
    }
}

async fn one_way(from: impl AsyncRead, to: impl AsyncWrite, mut stands: watch::Receiver<Gate>) {
    tokio::pin!(from, to);
    let mut buffer = vec![0; 16 * 1024];
    while let Ok(count @ 1..) = from.read(&mut buffer).await {
        if stands.wait_for(|gate| *gate == Gate::Open).await.is_err() {
            return;
        }
        if to.write_all(buffer.get(..count).unwrap_or_default()).await.is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A server that sends everything back.
    async fn echo() -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let (mut reads, mut writes) = stream.split();
                    drop(tokio::io::copy(&mut reads, &mut writes).await);
                });
            }
        });
        address
    }

    async fn says(stream: &mut TcpStream, word: &[u8]) -> Option<Vec<u8>> {
        stream.write_all(word).await.ok()?;
        let mut heard = vec![0; word.len()];
        stream.read_exact(&mut heard).await.ok().map(|_| heard)
    }

    #[tokio::test]
    async fn what_passes_follows_from_the_gate() {
        let proxy = Proxy::open(Behind::Address(echo().await)).await.unwrap();
        let mut stream = TcpStream::connect(proxy.address()).await.unwrap();
        assert_eq!(says(&mut stream, b"one").await.as_deref(), Some(&b"one"[..]));
        proxy.set(Gate::Stalled);
        stream.write_all(b"two").await.unwrap();
        let mut heard = [0; 3];
        let silence = std::time::Duration::from_millis(20);
        assert!(tokio::time::timeout(silence, stream.read(&mut heard)).await.is_err());
        proxy.set(Gate::Open);
        stream.read_exact(&mut heard).await.unwrap();
        assert_eq!(&heard, b"two");
        proxy.set(Gate::Cut);
        assert_eq!(says(&mut stream, b"six").await, None);
        let mut refused = TcpStream::connect(proxy.address()).await.unwrap();
        assert_eq!(says(&mut refused, b"six").await, None);
        proxy.set(Gate::Open);
        let mut stream = TcpStream::connect(proxy.address()).await.unwrap();
        assert_eq!(says(&mut stream, b"end").await.as_deref(), Some(&b"end"[..]));
    }
}
