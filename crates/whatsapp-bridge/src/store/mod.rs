//! What the bridge keeps: what was said and is not acknowledged, the keys of what was sent, the
//! recent chats, and what opens files.
//!
//! Of what the gateway has acknowledged the ids stay for a while, so that nothing is brought twice,
//! and nothing of what was said.

mod chats;
mod inbox;
mod media;
mod schema;
mod sends;

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::{Connection, Transaction, TransactionBehavior};
use tokio::sync::watch;

pub(crate) use chats::ListedChat;
pub use chats::{ChatKind, ChatSeen};
pub(crate) use inbox::{Brought, UnknownCursor, place};
pub use inbox::{From, Heard, HeardFile};
pub(crate) use sends::Taken;

/// Milliseconds of a day.
const DAY: i64 = 24 * 60 * 60 * 1000;

/// Why nothing was kept or found.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database.
    #[error("the database of the bridge: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// A newer program has been here.
    #[error("the database of the bridge is of a newer version ({0}) than this program knows")]
    Newer(i64),
    /// What is stored cannot be read.
    #[error("what the bridge keeps cannot be read: {0}")]
    Unreadable(#[from] serde_json::Error),
    /// So much waits for the gateway that nothing more is taken.
    #[error("{0} messages wait for the gateway: nothing more is taken before it fetches some")]
    Full(i64),
    /// It was interrupted.
    #[error("the work was interrupted: {0}")]
    Interrupted(String),
}

/// The database of a bridge. Clones are the same one.
#[derive(Clone)]
pub struct Store {
    connection: Arc<Mutex<Connection>>,
    arrived: Arc<watch::Sender<()>>,
}

impl Store {
    /// Opens the database at `path`, and makes it if it is not there.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let mut connection = Connection::open(path)?;
        schema::prepare(&mut connection)?;
        let connection = Arc::new(Mutex::new(connection));
        Ok(Self { connection, arrived: Arc::new(watch::Sender::new(())) })
    }

    /// Forgets what nobody asks for any more, as of `now`.
    pub async fn sweep(&self, now: i64) -> Result<(), StoreError> {
        self.write(move |tx| {
            inbox::sweep(tx, now - 14 * DAY)?;
            sends::sweep(tx, now - 30 * DAY)?;
            media::sweep(tx, now - 30 * DAY)?;
            Ok(())
        })
        .await
    }

    /// Forgets what belongs to the account that was linked: its chats, and what opens their files.
    /// What the gateway has not fetched stays.
    pub async fn forget_account(&self) -> Result<(), StoreError> {
        self.write(|tx| {
            tx.execute_batch("DELETE FROM chats; DELETE FROM lids; DELETE FROM media;")?;
            Ok(())
        })
        .await
    }

    /// Tells of messages that arrive.
    pub(crate) fn arrivals(&self) -> watch::Receiver<()> {
        self.arrived.subscribe()
    }

    fn told(&self) {
        self.arrived.send_replace(());
    }

    /// Everything or nothing of `work`, on stable storage when this returns.
    async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.with(move |connection| {
            let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let done = work(&tx)?;
            tx.commit()?;
            Ok(done)
        })
        .await
    }

    async fn with<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let connection = self.connection.clone();
        let done = tokio::task::spawn_blocking(move || {
            work(&mut connection.lock().unwrap_or_else(PoisonError::into_inner))
        });
        done.await.map_err(|error| StoreError::Interrupted(error.to_string()))?
    }
}
