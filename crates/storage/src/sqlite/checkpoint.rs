//! Copying the log back into the database, beside the thread that writes.
//!
//! SQLite would do so within the commit that finds the log long, and everybody waits for that one: the
//! more pages the database has, the longer. Here another thread copies while commits go on. What they
//! have added meanwhile is little, and the next commit copies that itself: then the log is copied
//! whole, and begins anew. See <https://sqlite.org/wal.html#ckpt>.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};

use countersign_ports::store::StoreError;
use rusqlite::Connection;
use rusqlite::hooks::Wal;

use super::fault::SqlError;
use super::open;

/// A log of so many pages (16 MiB) is copied back.
const LONG: i32 = 4_000;

/// A log of so many pages (64 MiB) is copied back by the commit that finds it: the other thread does
/// not keep up.
const TOO_LONG: i32 = 16_000;

/// The thread that copies.
pub(super) struct Copier(JoinHandle<()>);

impl Copier {
    /// Starts the thread for the file at `path`, to which `writer` writes.
    pub(super) fn start(path: &Path, writer: &mut Connection) -> Result<Self, StoreError> {
        let copied = Arc::new(AtomicBool::new(false));
        // One wish may wait: more of them say nothing more.
        let (wish, wishes) = sync_channel(1);
        let thread = thread::Builder::new().name("sqlite-checkpoint".to_owned()).spawn({
            let (path, copied) = (path.to_owned(), copied.clone());
            move || copy_when_wished(&path, &wishes, &copied)
        });
        let thread = thread.map_err(|error| StoreError::Unavailable(error.to_string()))?;
        let hook = move |log: &mut Wal, pages| {
            after_commit(log, pages, &wish, &copied);
            Ok(())
        };
        writer.wal_hook(Some(hook)).map_err(SqlError::from)?;
        Ok(Self(thread))
    }

    /// Ends the thread, so that `writer` is the last one that has the file open.
    pub(super) fn end(self, writer: &mut Connection) {
        type Hook = fn(&mut Wal, i32) -> rusqlite::Result<()>;
        // The thread goes with the hook, which wishes.
        if let Err(error) = writer.wal_hook(None::<Hook>) {
            tracing::warn!(%error, "the thread that copies the log back could not be ended");
            return;
        }
        if self.0.join().is_err() {
            tracing::warn!("the thread that copies the log back had died");
        }
    }
}

/// What is done about a log that has `pages` pages after a commit. A commit stands, whatever comes of
/// that.
fn after_commit(log: &mut Wal, pages: i32, wish: &SyncSender<()>, copied: &AtomicBool) {
    if pages < LONG {
        return;
    }
    if copied.swap(false, Ordering::AcqRel) || pages >= TOO_LONG {
        if let Err(error) = log.checkpoint() {
            tracing::debug!(%error, pages, "the rest of the log was not copied back");
        }
    } else if wish.try_send(()).is_err() {
        tracing::trace!(pages, "the log is being copied back");
    }
}

fn copy_when_wished(path: &Path, wishes: &Receiver<()>, copied: &AtomicBool) {
    let mut connection = None;
    while wishes.recv().is_ok() {
        match copy(&mut connection, path) {
            Ok(()) => copied.store(true, Ordering::Release),
            // The log grows until a commit copies it back, which tells what is wrong with the file.
            Err(error) => tracing::warn!(?error, "the log was not copied back"),
        }
    }
}

/// Copies all that can be copied while others read and write.
fn copy(connection: &mut Option<Connection>, path: &Path) -> Result<(), SqlError> {
    let open = match connection.take() {
        Some(open) => open,
        None => open::existing(path)?,
    };
    connection.insert(open).query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))?;
    Ok(())
}
