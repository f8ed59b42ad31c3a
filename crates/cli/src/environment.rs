//! The process's environment, read once.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use countersign_http_api::check_env_key;

use crate::failure::Failure;

/// The variable that holds one more API key, with every scope.
pub(crate) const API_SERVER_KEY: &str = "API_SERVER_KEY";

/// The environment of this process.
#[derive(Clone)]
pub(crate) struct Environment {
    variables: BTreeMap<String, String>,
}

impl Environment {
    /// The environment as it is; a weak `API_SERVER_KEY` is refused.
    pub(crate) fn read() -> Result<Self, Failure> {
        let environment = Self::unchecked();
        environment.check()?;
        Ok(environment)
    }

    /// The environment as it is.
    pub(crate) fn unchecked() -> Self {
        // Variables that are no text are of no use to anybody here.
        let variables = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        Self { variables }
    }

    /// Nothing, or why a start would refuse it.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        let Some(key) = self.api_server_key() else {
            return Ok(());
        };
        check_env_key(key).map_err(|error| {
            Failure::Usage(format!("{API_SERVER_KEY} in the environment: {error}"))
        })
    }

    /// An environment of these variables.
    #[cfg(test)]
    pub(crate) fn of<const N: usize>(variables: [(&str, &str); N]) -> Self {
        let owned = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
        Self { variables: owned.into() }
    }

    /// One variable.
    pub(crate) fn get(&self, name: &str) -> Option<String> {
        self.variables.get(name).cloned()
    }

    /// All of it: of which tools get the allowed part.
    pub(crate) fn all(&self) -> BTreeMap<String, String> {
        self.variables.clone()
    }

    /// The API key in the environment.
    pub(crate) fn api_server_key(&self) -> Option<&str> {
        let key = self.variables.get(API_SERVER_KEY)?;
        Some(key.as_str()).filter(|key| !key.is_empty())
    }
}

/// Whether this process's environment has the variable, with something in it.
pub(crate) fn is_set(name: &str) -> bool {
    std::env::var_os(name).is_some_and(|value| !value.is_empty())
}

/// The name of this machine, as cards show it.
pub(crate) fn host() -> String {
    let named = rustix::system::uname().nodename().to_string_lossy().into_owned();
    if named.is_empty() { "this machine".to_owned() } else { named }
}

/// The user's home directory.
pub(crate) fn user_home() -> String {
    std::env::home_dir()
        .map_or_else(|| "/nonexistent".to_owned(), |home| home.to_string_lossy().into_owned())
}

/// The user's name.
pub(crate) fn user_name() -> String {
    ["USER", "LOGNAME"]
        .iter()
        .find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()))
        .unwrap_or_else(|| rustix::process::geteuid().as_raw().to_string())
}

/// A path in which a leading `~/` stands for the user's home.
pub(crate) fn expanded(path: &Path) -> PathBuf {
    match path.strip_prefix("~") {
        Ok(rest) => Path::new(&user_home()).join(rest),
        Err(_) => path.to_owned(),
    }
}
