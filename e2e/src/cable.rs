//! The network between the browser and the gateway, to be cut.

use anyhow::{Context as _, Result};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::gateway::Gateway;

/// A way to a gateway beside its own address.
pub struct Cable {
    base: String,
    link: String,
    is_cut: watch::Sender<bool>,
    accepting: JoinHandle<()>,
}

impl Cable {
    /// A whole one.
    pub async fn to(gateway: &Gateway) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let base = format!("http://{}", listener.local_addr()?);
        let far = gateway.url("");
        let link = gateway.sign_in_link().replace(&far, &base);
        let far = far.strip_prefix("http://").context("no address")?.to_owned();
        let (is_cut, cut) = watch::channel(false);
        let accepting = tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                if !*cut.borrow() {
                    tokio::spawn(carry(near, far.clone(), cut.clone()));
                }
            }
        });
        Ok(Self { base, link, is_cut, accepting })
    }

    /// The address of a page at its end.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// The sign-in link of the last start of the gateway, at its end.
    pub fn sign_in_link(&self) -> &str {
        &self.link
    }

    /// Ends every connection, and lets none through.
    pub fn cut(&self) {
        self.is_cut.send_replace(true);
    }

    /// Lets connections through again.
    pub fn mend(&self) {
        self.is_cut.send_replace(false);
    }
}

impl Drop for Cable {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn carry(mut near: TcpStream, far: String, mut cut: watch::Receiver<bool>) {
    let Ok(mut far) = TcpStream::connect(far).await else {
        return;
    };
    tokio::select! {
        _ = copy_bidirectional(&mut near, &mut far) => {}
        _ = cut.wait_for(|is_cut| *is_cut) => {}
    }
}
