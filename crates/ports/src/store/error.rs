//! What can go wrong with a store.

use countersign_domain::nodes::LeaseName;

/// Why a store did not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// Something changed since it was read, or exists already. Nothing was written.
    #[error("{0} was changed by somebody else")]
    Conflict(Conflicting),
    /// This node was silent for too long: it was taken for dead, and its work belongs to others.
    /// Nothing was written. It must let go of everything and join anew.
    #[error("this node was silent for so long that the others took it for dead; it joins again")]
    Expelled,
    /// What is to be changed does not exist.
    #[error("{0} does not exist")]
    Missing(String),
    /// The store cannot be used for good: the process should stop.
    #[error("the database cannot be used ({}): {message}", .fault.as_str())]
    Broken {
        /// What is the matter.
        fault: Fault,
        /// The database's own words.
        message: String,
    },
    /// The store cannot be used now.
    #[error("the database is not available: {0}")]
    Unavailable(String),
    /// A stored record cannot be read by this version of the program.
    #[error("the stored {what} cannot be read: {message}")]
    Unreadable {
        /// Which record.
        what: String,
        /// Why not.
        message: String,
    },
}

/// What two writers met at.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Conflicting {
    /// A value with this id.
    #[error("`{0}`")]
    Value(String),
    /// An idempotency key of the same caller.
    #[error("the idempotency key `{0}`")]
    IdempotencyKey(String),
    /// The name of a key.
    #[error("the key name `{0}`")]
    KeyName(String),
    /// Work that another node holds.
    #[error("the lease `{0}`")]
    Lease(LeaseName),
    /// A sign-in link that is used up, has run out or never was.
    #[error("the sign-in link")]
    SignInLink,
}

/// Why a store is unusable for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// No space left on the device.
    DiskFull,
    /// The file or its file system is read-only.
    ReadOnly,
    /// The file is damaged, or is not a database.
    Corrupt,
    /// The device reports errors.
    Io,
    /// The database was made by a newer version of the program.
    TooNew,
    /// The file is another program's database.
    Foreign,
    /// The tables were made by other steps than those of this program.
    Altered,
}

impl Fault {
    /// For people.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::DiskFull => "disk full",
            Self::ReadOnly => "read-only",
            Self::Corrupt => "corrupt",
            Self::Io => "input/output error",
            Self::TooNew => "made by a newer version",
            Self::Foreign => "not a Countersign database",
            Self::Altered => "its history is not that of this program",
        }
    }
}
