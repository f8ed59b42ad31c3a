//! Moving everything from one store to another: all of it, checked before and after, or nothing.
//!
//! Rows are copied as they are, so documents and the audit log's chain stay what they were to the
//! byte. Everything arrives in one transaction, which is committed only when the copy was found to
//! be whole: after a copy that was broken off, the next one begins anew in a place that is as empty
//! as before.

mod nodes;
mod postgres_side;
mod sqlite_side;
mod tables;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::time::Duration;

use countersign_domain::audit::verify::{Broken, Report};
use countersign_domain::signing::VerifyingKeys;
use countersign_ports::store::StoreError;
use tokio::sync::mpsc;

use crate::Server;
use crate::sqlite::LogFileError;
use nodes::{Nodes, SILENCE};
use postgres_side::PostgresSide;
use sqlite_side::SqliteSide;
use tables::{Row, TABLES, Table};

/// How many rows travel together.
const BATCH: usize = 500;

/// How many such parts may be on their way.
const ON_THE_WAY: usize = 8;

/// Where a store keeps everything.
#[derive(Debug, Clone)]
pub enum Place {
    /// In this file.
    Sqlite(PathBuf),
    /// In this database.
    Postgres(Box<Server>),
}

/// What is being done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// So many nodes are listed in the source: whether they live is seen in a while.
    ListeningForNodes(usize),
    /// The audit log of the source is checked.
    CheckingSource,
    /// So many rows of a table were copied.
    Copying {
        /// The table.
        table: &'static str,
        /// Rows so far.
        done: u64,
        /// Rows in all.
        of: u64,
    },
    /// The audit log of the copy is checked.
    CheckingCopy,
}

/// What was copied.
#[derive(Debug, Clone, PartialEq)]
pub struct Copied {
    /// The rows of each table.
    pub rows: Vec<(&'static str, u64)>,
    /// The audit log, as it was before and is after.
    pub audit: Report,
}

/// Why nothing was copied. The target is as it was.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// A store cannot be used.
    #[error("{0}: {1}")]
    Store(String, #[source] StoreError),
    /// Somebody works on the source.
    #[error(
        "the node `{node}` ({address}) is at work on {place}: stop every gateway that uses it, and \
         copy again"
    )]
    AtWork {
        /// The source.
        place: String,
        /// What the operator calls the node.
        node: String,
        /// Where it listens.
        address: String,
    },
    /// There is something in the target.
    #[error("{place} is not empty: there are rows in `{table}`; copy into a new database")]
    NotEmpty {
        /// The target.
        place: String,
        /// A table with rows.
        table: &'static str,
    },
    /// The audit log is bad.
    #[error("the audit log of {0} is bad at record {seq}: {flaw}", seq = .1.seq, flaw = .1.flaw)]
    Broken(String, #[source] Broken),
    /// What arrived is not what was sent.
    #[error("the copy differs from the source ({0}); nothing was kept")]
    Differs(String),
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            Self::Postgres(server) => server.fmt(f),
        }
    }
}

/// One end of a copy.
enum Side {
    Sqlite(SqliteSide),
    Postgres(PostgresSide),
}

/// Copies everything in `from` to `to`, which must be empty. Nobody else may write to either: a
/// source that nodes work on is refused. The checkpoints of the audit log are checked with `keys`, where there are some.
pub async fn copy(
    from: &Place,
    to: &Place,
    keys: Option<&VerifyingKeys>,
    progress: impl FnMut(Progress),
) -> Result<Copied, CopyError> {
    copy_after(SILENCE, (from, to), keys, progress).await
}

/// The same; nodes that are silent for so long are gone.
async fn copy_after(
    silence: Duration,
    (from, to): (&Place, &Place),
    keys: Option<&VerifyingKeys>,
    mut progress: impl FnMut(Progress),
) -> Result<Copied, CopyError> {
    let source = Side::source(from).await?;
    let listens = |listed| progress(Progress::ListeningForNodes(listed));
    let mut source = Nodes::at(from).gone(source, silence, listens).await?;
    let mut target = Side::target(to).await?;
    for table in &TABLES {
        if target.count(to, table).await? > 0 {
            return Err(CopyError::NotEmpty { place: to.to_string(), table: table.name });
        }
    }
    progress(Progress::CheckingSource);
    let before = source.verify(from, keys).await?;
    let mut rows = Vec::new();
    for table in &TABLES {
        let of = source.count(from, table).await?;
        let said = |done| progress(Progress::Copying { table: table.name, done, of });
        let done = one_table((&mut source, from), (&mut target, to), table, said).await?;
        let found = target.count(to, table).await?;
        if (of, of) != (done, found) {
            let told = format!("`{}` had {of} rows and {found} arrived", table.name);
            return Err(CopyError::Differs(told));
        }
        rows.push((table.name, of));
    }
    let last_event = source.last_event(from).await?;
    target.go_on_after(to, last_event).await?;
    progress(Progress::CheckingCopy);
    let after = target.verify(to, keys).await?;
    if before != after {
        return Err(CopyError::Differs("the audit log".to_owned()));
    }
    target.commit(to).await?;
    Ok(Copied { rows, audit: after })
}

async fn one_table(
    (source, from): (&mut Side, &Place),
    (target, to): (&mut Side, &Place),
    table: &'static Table,
    mut said: impl FnMut(u64),
) -> Result<u64, CopyError> {
    let (sender, mut sent) = mpsc::channel::<Vec<Row>>(ON_THE_WAY);
    let (relay, received) = mpsc::channel::<Vec<Row>>(ON_THE_WAY);
    let mut done = 0_u64;
    said(0);
    let counting = async {
        while let Some(rows) = sent.recv().await {
            done += u64::try_from(rows.len()).unwrap_or(0);
            // Whoever receives says itself why it does not go on.
            if relay.send(rows).await.is_err() {
                break;
            }
            said(done);
        }
        drop(relay);
        drop(sent);
    };
    let (sending, (), receiving) =
        tokio::join!(source.send(table, sender), counting, target.receive(table, received));
    receiving.map_err(|error| CopyError::Store(to.to_string(), error))?;
    sending.map_err(|error| CopyError::Store(from.to_string(), error))?;
    Ok(done)
}

impl Side {
    async fn source(place: &Place) -> Result<Self, CopyError> {
        let opened = match place {
            Place::Sqlite(path) => SqliteSide::source(path.clone()).await.map(Self::Sqlite),
            Place::Postgres(server) => PostgresSide::source(server).await.map(Self::Postgres),
        };
        opened.map_err(|error| CopyError::Store(place.to_string(), error))
    }

    async fn target(place: &Place) -> Result<Self, CopyError> {
        let opened = match place {
            Place::Sqlite(path) => SqliteSide::target(path.clone()).await.map(Self::Sqlite),
            Place::Postgres(server) => PostgresSide::target(server).await.map(Self::Postgres),
        };
        opened.map_err(|error| CopyError::Store(place.to_string(), error))
    }

    async fn count(&mut self, place: &Place, table: &'static Table) -> Result<u64, CopyError> {
        let counted = match self {
            Self::Sqlite(side) => side.count(table).await,
            Self::Postgres(side) => side.count(table).await,
        };
        counted.map_err(|error| CopyError::Store(place.to_string(), error))
    }

    async fn send(
        &mut self,
        table: &'static Table,
        to: mpsc::Sender<Vec<Row>>,
    ) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(side) => side.send(table, to).await,
            Self::Postgres(side) => side.send(table, to).await,
        }
    }

    async fn receive(
        &mut self,
        table: &'static Table,
        from: mpsc::Receiver<Vec<Row>>,
    ) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(side) => side.receive(table, from).await,
            Self::Postgres(side) => side.receive(table, from).await,
        }
    }

    /// The number of the last event there ever was.
    async fn last_event(&mut self, place: &Place) -> Result<i64, CopyError> {
        let last = match self {
            Self::Sqlite(side) => side.last_event().await,
            Self::Postgres(side) => side.last_event().await,
        };
        last.map_err(|error| CopyError::Store(place.to_string(), error))
    }

    /// Numbers the next event above `last`, whether or not that one still exists: readers go on
    /// from where they were.
    async fn go_on_after(&mut self, place: &Place, last: i64) -> Result<(), CopyError> {
        let set = match self {
            Self::Sqlite(side) => side.go_on_after(last).await,
            Self::Postgres(side) => side.go_on_after(last).await,
        };
        set.map_err(|error| CopyError::Store(place.to_string(), error))
    }

    async fn verify(
        &mut self,
        place: &Place,
        keys: Option<&VerifyingKeys>,
    ) -> Result<Report, CopyError> {
        let checked = match self {
            Self::Sqlite(side) => side.verify(keys).await,
            Self::Postgres(side) => side.verify(keys).await,
        };
        checked.map_err(|error| match error {
            LogFileError::Broken(broken) => CopyError::Broken(place.to_string(), broken),
            LogFileError::Store(error) => CopyError::Store(place.to_string(), error),
            other @ (LogFileError::Malformed(..) | LogFileError::Taking(_)) => {
                CopyError::Store(place.to_string(), StoreError::Unavailable(other.to_string()))
            }
        })
    }

    async fn commit(self, place: &Place) -> Result<(), CopyError> {
        let committed = match self {
            Self::Sqlite(side) => side.commit().await,
            Self::Postgres(side) => side.commit().await,
        };
        committed.map_err(|error| CopyError::Store(place.to_string(), error))
    }
}
