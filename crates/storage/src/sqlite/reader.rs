//! Reading beside the writer: a few connections, each used by one call at a time.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use countersign_ports::store::StoreError;
use rusqlite::Connection;
use tokio::sync::Semaphore;

use super::fault::SqlError;
use super::open;
use crate::health::Health;

/// How many calls read at one time; the others wait.
const READERS: usize = 4;

/// The connections that read. In WAL mode each statement sees every commit before it, and never
/// waits for the writer.
#[derive(Debug, Clone)]
pub(crate) struct Readers(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    path: PathBuf,
    turns: Arc<Semaphore>,
    idle: Mutex<Vec<Connection>>,
    health: Health,
}

impl Readers {
    /// Readers of the file at `path`; connections are made when first needed.
    pub(crate) fn new(path: PathBuf, health: Health) -> Self {
        Self(Arc::new(Shared {
            path,
            turns: Arc::new(Semaphore::new(READERS)),
            idle: Mutex::new(Vec::with_capacity(READERS)),
            health,
        }))
    }

    /// Runs `read` off the caller's thread. A caller that goes away costs nothing but the read.
    pub(super) async fn read<T, F>(&self, read: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, SqlError> + Send + 'static,
    {
        self.0.health.check()?;
        let turn = Arc::clone(&self.0.turns).acquire_owned().await.map_err(|_| closed())?;
        let shared = Arc::clone(&self.0);
        let task = tokio::task::spawn_blocking(move || {
            let result = shared.with_connection(read);
            drop(turn);
            result
        });
        let result = match task.await {
            Ok(result) => result.map_err(StoreError::from),
            Err(error) => Err(StoreError::Unavailable(error.to_string())),
        };
        result.inspect_err(|error| self.0.health.note(error))
    }

    /// The same on the caller's thread, for what finds a few rows by their keys: handing that to
    /// another thread takes longer than it does.
    pub(super) async fn look<T, F>(&self, read: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, SqlError> + Send + 'static,
    {
        self.0.health.check()?;
        // Making a connection takes long.
        let Some(connection) = self.0.take_idle() else {
            return self.read(read).await;
        };
        let result = self.0.with(connection, read).map_err(StoreError::from);
        result.inspect_err(|error| self.0.health.note(error))
    }

    /// Lets no further call in and closes the connections.
    pub(super) fn close(&self) {
        self.0.turns.close();
        self.0.idle().clear();
    }
}

impl Shared {
    fn with_connection<T>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, SqlError>,
    ) -> Result<T, SqlError> {
        let connection = match self.take_idle() {
            Some(connection) => connection,
            None => open::reader(&self.path)?,
        };
        self.with(connection, read)
    }

    fn with<T>(
        &self,
        connection: Connection,
        read: impl FnOnce(&Connection) -> Result<T, SqlError>,
    ) -> Result<T, SqlError> {
        let result = read(&connection);
        if !self.turns.is_closed() {
            self.idle().push(connection);
        }
        result
    }

    fn take_idle(&self) -> Option<Connection> {
        self.idle().pop()
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Connection>> {
        // The list is whole between any two statements, so a panic elsewhere does not spoil it.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The error after the store was closed.
pub(super) fn closed() -> StoreError {
    StoreError::Unavailable("the store is closed".to_owned())
}
