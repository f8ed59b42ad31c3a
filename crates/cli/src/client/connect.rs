//! Which gateway a command talks to.

use clap::Args;

use super::Client;
use crate::commands::Global;
use crate::failure::Failure;
use crate::home::{Home, HomeError, NotRunning};

/// Which gateway is meant, and as whom.
#[derive(Debug, Clone, Args)]
pub(crate) struct ConnectArgs {
    /// Another gateway than the one on this machine
    #[arg(long, value_name = "URL", requires = "key")]
    pub(crate) url: Option<String>,
    /// An API key for it; without one the gateway on this machine is asked as its operator
    #[arg(long, value_name = "KEY", env = "COUNTERSIGN_KEY", hide_env_values = true)]
    pub(crate) key: Option<String>,
}

impl ConnectArgs {
    /// The gateway that is meant.
    pub(crate) fn client(&self, global: &Global) -> Result<Client, Failure> {
        match (&self.url, &self.key) {
            (Some(url), Some(key)) => remote(url, key),
            (Some(_), None) => Err(Failure::usage("--url needs --key or COUNTERSIGN_KEY")),
            (None, key) => {
                let home = Home::open(&Home::place(global.home.as_deref())?);
                let running = home.map_err(NotRunning::Home)?.running()?;
                let key = key.as_ref().unwrap_or(&running.token);
                Client::new(&running.announcement.url, key)
            }
        }
    }
}

fn remote(url: &str, key: &str) -> Result<Client, Failure> {
    if !url.starts_with("http://") && !url.starts_with("https://") {
        return Err(Failure::Usage(format!(
            "`{url}` is no address such as `https://agents.example.org`"
        )));
    }
    Client::new(url, key)
}

impl From<NotRunning> for Failure {
    fn from(error: NotRunning) -> Self {
        match error {
            NotRunning::Stopped(_)
            | NotRunning::NotReady(_)
            | NotRunning::Home(HomeError::Missing(_)) => Self::Unreachable(error.to_string()),
            NotRunning::Home(_) => Self::usage(error),
        }
    }
}
