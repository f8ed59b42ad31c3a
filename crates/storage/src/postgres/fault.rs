//! From PostgreSQL's errors to those of the port.

use countersign_ports::store::{Fault, StoreError};
use tokio_postgres::error::SqlState;

/// What can go wrong inside this store, before it is told to a caller.
#[derive(Debug, thiserror::Error)]
pub(super) enum PgError {
    /// The server said no, or cannot be reached.
    #[error(transparent)]
    Postgres(#[from] tokio_postgres::Error),
    /// The server did not answer in time.
    #[error("it did not answer within {0} s")]
    Silent(u64),
    /// The answer is already one for the caller.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl PgError {
    /// Whether the session is gone, so that another one may do better.
    pub(super) fn is_lost(&self) -> bool {
        match self {
            Self::Postgres(error) => error.is_closed() || error.code().is_none_or(ends_session),
            Self::Silent(_) => true,
            Self::Store(_) => false,
        }
    }

    /// Whether the same work may go through if it is done again.
    pub(super) fn may_pass(&self) -> bool {
        match self {
            Self::Postgres(error) => {
                let again = [
                    SqlState::T_R_SERIALIZATION_FAILURE,
                    SqlState::T_R_DEADLOCK_DETECTED,
                    // Another version of the program changed a table.
                    SqlState::FEATURE_NOT_SUPPORTED,
                ];
                self.is_lost() || error.code().is_some_and(|code| again.contains(code))
            }
            Self::Silent(_) => true,
            Self::Store(_) => false,
        }
    }
}

impl From<PgError> for StoreError {
    fn from(error: PgError) -> Self {
        match error {
            PgError::Store(error) => error,
            PgError::Postgres(error) => classify(&error),
            silent @ PgError::Silent(_) => Self::Unavailable(silent.to_string()),
        }
    }
}

/// Whether an insertion failed because of another row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Violation {
    /// A row with that key is there; the name of the constraint that says so.
    Taken(String),
    /// The row that it belongs to is not there.
    NoParent,
}

/// Which constraint stopped an insertion, if one did.
pub(super) fn violation(error: &PgError) -> Option<Violation> {
    let PgError::Postgres(error) = error else {
        return None;
    };
    let error = error.as_db_error()?;
    if *error.code() == SqlState::FOREIGN_KEY_VIOLATION {
        Some(Violation::NoParent)
    } else if *error.code() == SqlState::UNIQUE_VIOLATION {
        Some(Violation::Taken(error.constraint().unwrap_or_default().to_owned()))
    } else {
        None
    }
}

/// What an error means for the store as a whole. A server may be repaired, and be given space,
/// while this process waits; only damage is for good.
fn classify(error: &tokio_postgres::Error) -> StoreError {
    let message = words(error);
    match error.code() {
        Some(code) if [SqlState::DATA_CORRUPTED, SqlState::INDEX_CORRUPTED].contains(code) => {
            StoreError::Broken { fault: Fault::Corrupt, message }
        }
        Some(code) if *code == SqlState::LOCK_NOT_AVAILABLE => {
            StoreError::Unavailable(format!("another node holds the write lock ({message})"))
        }
        Some(_) | None => StoreError::Unavailable(message),
    }
}

/// An error with its causes: the driver's own text names only the outermost.
pub(super) fn words(error: &tokio_postgres::Error) -> String {
    if let Some(told) = error.as_db_error() {
        return format!("{} ({})", told.message(), told.code().code());
    }
    let mut words = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        let text = inner.to_string();
        if !words.contains(&text) {
            words = format!("{words}: {text}");
        }
        cause = inner.source();
    }
    words
}

/// Class 08 is about connections, 57P about an operator's intervention, 25P03 and 25P04 about
/// sessions that were silent for too long.
fn ends_session(code: &SqlState) -> bool {
    let code = code.code();
    code.starts_with("08") || code.starts_with("57P") || code == "25P03" || code == "25P04"
}
