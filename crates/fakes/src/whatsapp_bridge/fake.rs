//! Starting a fake, and looking at what has come to it.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::files::SentFile;
use super::people::Provider;
use super::routes::router;
use super::state::{Chat, SentMessage, Shared};

/// A bridge that listens on this machine.
pub struct FakeBridge {
    address: SocketAddr,
    pub(super) shared: Arc<Shared>,
    task: JoinHandle<()>,
}

impl FakeBridge {
    /// A bridge whose account has no chats.
    pub async fn listen() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("it is bound");
        let shared = Arc::new(Shared::new("bridge-token-for-tests".to_owned()));
        let routes = router(shared.clone());
        let task = tokio::spawn(async move {
            // It ends with the test.
            axum::serve(listener, routes).await.ok();
        });
        Self { address, shared, task }
    }

    /// Where it listens.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The token that it wants.
    pub fn token(&self) -> &str {
        &self.shared.token
    }

    /// Somebody with a number, called `name`, with whom there is a recent chat.
    pub fn knows(&self, number: &str, name: &str) -> Provider<'_> {
        let chat = format!("{number}@s.whatsapp.net");
        self.has_chat(&chat, Some(name), "direct");
        Provider { bridge: self, number: number.to_owned(), lid: None, name: name.to_owned() }
    }

    /// Somebody with a number, called `name`, of whom there is no recent chat.
    pub fn stranger(&self, number: &str, name: &str) -> Provider<'_> {
        Provider { bridge: self, number: number.to_owned(), lid: None, name: name.to_owned() }
    }

    /// A chat of any kind.
    pub fn has_chat(&self, id: &str, name: Option<&str>, kind: &'static str) {
        let chat = Chat {
            id: id.to_owned(),
            name: name.map(str::to_owned),
            kind,
            last_message_at: "2026-11-18T10:00:00.000Z".to_owned(),
            unread: 1,
        };
        self.shared.change(|account| account.chats.push(chat));
    }

    /// What was sent so far.
    pub fn sent(&self) -> Vec<SentMessage> {
        self.shared.account().sent.clone()
    }

    /// The files that were sent so far.
    pub fn sent_files(&self) -> Vec<SentFile> {
        self.shared.account().sent_files.clone()
    }

    /// What was sent, once there is so much of it.
    pub async fn sent_when(&self, count: usize) -> Vec<SentMessage> {
        loop {
            let changed = self.shared.changed.notified();
            let sent = self.sent();
            if sent.len() >= count {
                return sent;
            }
            changed.await;
        }
    }

    /// Returns once everything that was said is acknowledged.
    pub async fn all_acknowledged(&self) {
        loop {
            let changed = self.shared.changed.notified();
            if self.unacknowledged() == 0 {
                return;
            }
            changed.await;
        }
    }

    /// How much was said and is not acknowledged.
    pub fn unacknowledged(&self) -> usize {
        self.shared.account().waiting.len()
    }

    /// The next messages are taken, and the answer does not say so.
    pub fn breaks_off(&self, times: u32) {
        self.shared.change(|account| account.silent = times);
    }

    /// What is to be sent waits at the bridge, or goes on.
    pub fn holds_sends(&self, held: bool) {
        self.shared.change(|account| account.held = held);
    }

    /// How often it was asked to send something.
    pub fn attempts(&self) -> usize {
        self.shared.account().attempts
    }

    /// How often a file was asked for.
    pub fn fetched(&self) -> usize {
        self.shared.account().fetched
    }

    /// Returns once it was asked so often.
    pub async fn attempted(&self, times: usize) {
        loop {
            let changed = self.shared.changed.notified();
            if self.attempts() >= times {
                return;
            }
            changed.await;
        }
    }

    /// The phone has unlinked the account, or links it again.
    pub fn is_linked(&self, linked: bool) {
        self.shared.change(|account| account.unlinked = !linked);
    }
}

impl Drop for FakeBridge {
    fn drop(&mut self) {
        self.task.abort();
    }
}
