//! The audit log of a home, wherever its store is.

use countersign_domain::audit::SealedRecord;
use countersign_domain::audit::verify::Verifier;
use countersign_ports::store::{AuditFilter, StoreError};
use countersign_storage::{LogFile, LogFileError, LogServer, Place};

use crate::compose::place_of_store;
use crate::config::{Loaded, load};
use crate::environment::Environment;
use crate::failure::Failure;
use crate::home::Home;
use crate::progress::Meter;

/// An audit log that is only read.
pub(super) enum Log {
    File(LogFile),
    Server(LogServer),
}

impl Log {
    /// The log of `home`.
    pub(super) async fn of(home: &Home) -> Result<Self, Failure> {
        let file = home.config();
        let loaded = if file.exists() { load(&file, &[])? } else { Loaded::defaults() };
        let place = place_of_store(home, &loaded, &Environment::read()?)?;
        let refused =
            |shown: String| move |error: StoreError| Failure::Refused(format!("{shown}: {error}"));
        match place {
            Place::Sqlite(path) => {
                LogFile::open(&path).map(Self::File).map_err(refused(path.display().to_string()))
            }
            Place::Postgres(server) => LogServer::open(&server)
                .await
                .map(Self::Server)
                .map_err(refused(server.to_string())),
        }
    }

    /// The number of the last record.
    pub(super) async fn last(&self) -> Result<u64, LogFileError> {
        match self {
            Self::File(log) => log.last(),
            Self::Server(log) => log.last().await,
        }
    }

    /// Lets `verifier` check every record from the number `from` on; `meter` shows how far it is.
    pub(super) async fn verify(
        &self,
        from: u64,
        verifier: &mut Verifier<'_>,
        meter: &mut Meter,
    ) -> Result<(), LogFileError> {
        let seen = |seq| meter.at(seq);
        match self {
            Self::File(log) => log.verify_telling(from, verifier, seen),
            Self::Server(log) => log.verify_telling(from, verifier, seen).await,
        }
    }

    /// Gives every record to `take` as a line of an export.
    pub(super) async fn lines(
        &self,
        take: impl FnMut(&str) -> std::io::Result<()>,
    ) -> Result<(), LogFileError> {
        match self {
            Self::File(log) => log.lines(1, take),
            Self::Server(log) => log.lines(1, take).await,
        }
    }

    /// The records that `filter` lets through and whose numbers are above `after`, oldest first.
    pub(super) async fn following(
        &self,
        filter: AuditFilter,
        after: u64,
        most: usize,
    ) -> Result<Vec<SealedRecord>, LogFileError> {
        match self {
            Self::File(log) => log.following(filter, after, most),
            Self::Server(log) => log.following(filter, after, most).await,
        }
    }

    /// The last records that `filter` lets through, oldest first.
    pub(super) async fn latest(
        &self,
        filter: AuditFilter,
        most: usize,
    ) -> Result<Vec<SealedRecord>, LogFileError> {
        match self {
            Self::File(log) => log.latest(filter, most),
            Self::Server(log) => log.latest(filter, most).await,
        }
    }
}
