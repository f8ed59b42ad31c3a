//! How the command line finds the gateway that runs on a home, and speaks as its operator.

use std::fs;
use std::io;
use std::path::PathBuf;

use countersign_domain::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Home, HomeError, HomeLock, write_private};

/// What `gateway.json` says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Announcement {
    /// Where the API and the web page are, for this machine.
    pub(crate) url: String,
    /// Where the listener is bound.
    pub(crate) address: String,
    /// The process.
    pub(crate) pid: u32,
    /// Since when.
    pub(crate) started_at: Timestamp,
}

/// A gateway that runs on this home, and the secret that makes its operator.
#[derive(Debug, Clone)]
pub(crate) struct Running {
    /// Where it is.
    pub(crate) announcement: Announcement,
    /// The operator's token.
    pub(crate) token: String,
}

/// Why no running gateway was found.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotRunning {
    /// Nothing runs.
    #[error("no gateway runs on `{0}`; start it with `countersign up`")]
    Stopped(PathBuf),
    /// Something has the home but does not listen.
    #[error("the gateway on `{0}` is starting or stopping; try again")]
    NotReady(PathBuf),
    /// The home cannot be used.
    #[error(transparent)]
    Home(#[from] HomeError),
}

impl Home {
    /// The gateway that runs on this home. What a dead one left behind does not count.
    pub(crate) fn running(&self) -> Result<Running, NotRunning> {
        let path = self.announcement();
        let io = |error| NotRunning::Home(HomeError::Io(path.clone(), error));
        if !HomeLock::is_taken(self).map_err(io)? {
            return Err(NotRunning::Stopped(self.root.clone()));
        }
        let read = |path: PathBuf| match fs::read_to_string(&path) {
            Ok(text) => Ok(text),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Err(NotRunning::NotReady(self.root.clone()))
            }
            Err(error) => Err(HomeError::Io(path, error).into()),
        };
        let token = read(self.operator_token())?.trim().to_owned();
        let announcement = serde_json::from_str(&read(path.clone())?)
            .map_err(|error| io(io::Error::other(error)))?;
        Ok(Running { announcement, token })
    }

    /// Makes the operator's token known to this user, and removes what a dead gateway left.
    pub(crate) fn place_token(&self, token: &str) -> Result<(), HomeError> {
        self.withdraw()?;
        let path = self.operator_token();
        write_private(&path, &format!("{token}\n")).map_err(|error| HomeError::Io(path, error))
    }

    /// Says that the gateway listens.
    pub(crate) fn announce(&self, announcement: &Announcement) -> Result<(), HomeError> {
        let path = self.announcement();
        let text = serde_json::to_string_pretty(announcement).map_err(io::Error::other);
        text.and_then(|text| write_private(&path, &format!("{text}\n")))
            .map_err(|error| HomeError::Io(path, error))
    }

    /// Takes both back.
    pub(crate) fn withdraw(&self) -> Result<(), HomeError> {
        for path in [self.announcement(), self.operator_token()] {
            match fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(HomeError::Io(path, error));
                }
                Ok(()) | Err(_) => {}
            }
        }
        Ok(())
    }
}
