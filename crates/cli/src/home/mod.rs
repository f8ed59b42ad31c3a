//! The home directory of a gateway: what is in it, who may look, who runs on it.

mod lock;
mod permissions;
mod running;
pub(crate) mod signing_keys;

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

pub(crate) use lock::HomeLock;
pub(crate) use permissions::write_private;
pub(crate) use running::{Announcement, NotRunning, Running};

use crate::config::TEMPLATE;

/// A home directory that nobody else may look into.
#[derive(Debug, Clone)]
pub(crate) struct Home {
    root: PathBuf,
}

/// Why a home directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HomeError {
    /// Nothing says where it is.
    #[error("there is no home directory: set HOME or COUNTERSIGN_HOME, or give --home DIR")]
    Nowhere,
    /// It does not exist.
    #[error("`{0}` does not exist; `countersign up` makes it")]
    Missing(PathBuf),
    /// Others may read or write.
    #[error("`{path}` can be {what} by others; run:\n  chmod {wanted:o} {quoted}")]
    Open {
        /// What is open.
        path: PathBuf,
        /// The same for a shell.
        quoted: String,
        /// What others may do.
        what: &'static str,
        /// The mode that it should have.
        wanted: u32,
    },
    /// It belongs to another user.
    #[error("`{0}` belongs to another user (uid {1})")]
    NotOurs(PathBuf, u32),
    /// It is something else.
    #[error("`{0}` is not a directory")]
    NotADirectory(PathBuf),
    /// Another process has it.
    #[error("already running with pid {0} (on `{1}`)")]
    Taken(String, PathBuf),
    /// The system says no.
    #[error("`{0}`: {1}")]
    Io(PathBuf, #[source] io::Error),
}

/// Whether a start is the first on its home.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Start {
    /// The home was made now.
    First,
    /// It was there.
    Later,
}

impl Home {
    /// Where the home is: as given, else `~/.countersign`.
    pub(crate) fn place(given: Option<&Path>) -> Result<PathBuf, HomeError> {
        let place = match given {
            Some(path) => path.to_owned(),
            None => std::env::home_dir()
                .filter(|home| home.is_absolute())
                .ok_or(HomeError::Nowhere)?
                .join(".countersign"),
        };
        std::path::absolute(&place).map_err(|error| HomeError::Io(place, error))
    }

    /// The home at `root`, which must exist.
    pub(crate) fn open(root: &Path) -> Result<Self, HomeError> {
        match permissions::check_directory(root) {
            Err(HomeError::Io(_, error)) if error.kind() == io::ErrorKind::NotFound => {
                return Err(HomeError::Missing(root.to_owned()));
            }
            checked => checked?,
        }
        let home = Self { root: root.to_owned() };
        for file in home.private_files() {
            permissions::check_file_if_there(&file)?;
        }
        Ok(home)
    }

    /// The home at `root` as it is, and everything for which it must not be used.
    pub(crate) fn examine(root: &Path) -> (Self, Vec<HomeError>) {
        let home = Self { root: root.to_owned() };
        let files = || home.private_files().into_iter();
        let problems = match permissions::check_directory(root) {
            Err(HomeError::Io(_, error)) if error.kind() == io::ErrorKind::NotFound => {
                vec![HomeError::Missing(root.to_owned())]
            }
            Err(error @ HomeError::NotADirectory(_)) => vec![error],
            checked => {
                let files = files().map(|file| permissions::check_file_if_there(&file));
                [checked].into_iter().chain(files).filter_map(Result::err).collect()
            }
        };
        (home, problems)
    }

    /// The home at `root`, made with all that belongs in it if it does not exist.
    pub(crate) fn prepare(root: &Path) -> Result<(Self, Start), HomeError> {
        let io = |error| HomeError::Io(root.to_owned(), error);
        let start = if root.exists() {
            Start::Later
        } else {
            if let Some(above) = root.parent() {
                fs::create_dir_all(above).map_err(io)?;
            }
            match DirBuilder::new().mode(0o700).create(root) {
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                    return Err(io(error));
                }
                Ok(()) | Err(_) => Start::First,
            }
        };
        let home = Self::open(root)?;
        let config = home.config();
        if !config.exists() {
            write_private(&config, TEMPLATE).map_err(|error| HomeError::Io(config, error))?;
        }
        Ok((home, start))
    }

    /// The directory itself.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// The configuration.
    pub(crate) fn config(&self) -> PathBuf {
        self.root.join("config.yaml")
    }

    /// The database.
    pub(crate) fn database(&self) -> PathBuf {
        self.root.join("countersign.db")
    }

    /// Where plugins are.
    pub(crate) fn plugins(&self) -> PathBuf {
        self.root.join("plugins")
    }

    /// Where the agent works, unless the configuration says otherwise.
    pub(crate) fn workspace(&self) -> PathBuf {
        self.root.join("workspace")
    }

    /// What nobody else may look into.
    fn private_files(&self) -> [PathBuf; 9] {
        [
            self.config(),
            self.database(),
            self.beside_database("-wal"),
            self.beside_database("-shm"),
            self.operator_token(),
            self.announcement(),
            self.signing_keys(),
            self.bridge_token(),
            self.audit_checkpoint(),
        ]
    }

    fn beside_database(&self, ending: &str) -> PathBuf {
        self.root.join(format!("countersign.db{ending}"))
    }

    fn lock_file(&self) -> PathBuf {
        self.root.join("gateway.lock")
    }

    fn announcement(&self) -> PathBuf {
        self.root.join("gateway.json")
    }

    /// The gateway's signing keys.
    pub(crate) fn signing_keys(&self) -> PathBuf {
        self.root.join("signing-keys.json")
    }

    /// The newest checkpoint of the audit log, beside the log: with it the end of the log cannot be
    /// cut off unnoticed.
    pub(crate) fn audit_checkpoint(&self) -> PathBuf {
        self.root.join("audit.checkpoint")
    }

    /// What the bridge to the user's account proves itself with, and the gateway to it.
    pub(crate) fn bridge_token(&self) -> PathBuf {
        self.root.join("whatsapp-bridge.token")
    }

    /// Where a bridge that the gateway starts has its keys and its queue.
    pub(crate) fn bridge_state(&self) -> PathBuf {
        self.root.join("whatsapp-bridge")
    }

    fn operator_token(&self) -> PathBuf {
        self.root.join("operator.token")
    }
}

/// Nothing, or why a configuration file given by name must not be used.
pub(crate) fn check_private(file: &Path) -> Result<(), HomeError> {
    permissions::check_file_if_there(file)
}

/// Makes the directory at `path` for the owner alone, unless it exists.
pub(crate) fn make_directory(path: &Path) -> Result<(), HomeError> {
    let made = DirBuilder::new().mode(0o700).recursive(true).create(path);
    made.map_err(|error| HomeError::Io(path.to_owned(), error))
}
