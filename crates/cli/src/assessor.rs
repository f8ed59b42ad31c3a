//! Assessing shell commands without a gateway, under the policy that one would have.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use countersign_domain::action::Action;
use countersign_domain::assessment::{Assessment, Revealed};
use countersign_domain::redaction::Redactor;
use countersign_gateway::{Guard, GuardParts};

use crate::compose::guard_of;
use crate::config::Loaded;
use crate::environment::{user_home, user_name};
use crate::failure::Failure;
use crate::sending::outbound_policy;

/// What the policy says of a command.
pub(crate) struct Answered {
    pub(crate) assessment: Assessment,
    /// Code that would run and that a reader of the command does not see as such.
    pub(crate) revealed: Vec<Revealed>,
    /// What a lasting approval would cover.
    pub(crate) covers: Option<String>,
}

/// Assesses commands under one configuration.
pub(crate) struct Assessor<'a> {
    loaded: &'a Loaded,
    /// The gateway's home and workspace, where there are some.
    house: Option<(PathBuf, PathBuf)>,
    /// A guard for each home directory that a command ran in.
    guards: BTreeMap<String, Guard>,
}

impl<'a> Assessor<'a> {
    /// An assessor, or what is wrong with the policy.
    pub(crate) fn new(
        loaded: &'a Loaded,
        house: Option<(PathBuf, PathBuf)>,
    ) -> Result<Self, Failure> {
        let mut assessor = Self { loaded, house, guards: BTreeMap::new() };
        assessor.guard(&user_home())?;
        Ok(assessor)
    }

    /// What the policy says of `command` in `cwd`.
    pub(crate) fn assess(&mut self, command: &str, cwd: &str) -> Result<Answered, Failure> {
        let action = Action::Exec {
            command: command.to_owned(),
            cwd: cwd.to_owned(),
            env: BTreeMap::new(),
            timeout_s: 0,
            files: Vec::new(),
        };
        self.guard(&home_around(cwd))?;
        let Some(guard) = self.guards.get(&home_around(cwd)) else {
            return Err(Failure::refused("there is no guard for this directory"));
        };
        let assessed = guard.assess(&action);
        let covers = assessed.covers(&action);
        let revealed = assessed.revealed().to_vec();
        Ok(Answered { assessment: assessed.assessment, revealed, covers })
    }

    fn guard(&mut self, home: &str) -> Result<(), Failure> {
        if self.guards.contains_key(home) {
            return Ok(());
        }
        let own = home == user_home();
        let parts = GuardParts {
            // Outside the workspace the working directory itself counts as the agent's own.
            workspace: place(self.house.as_ref().map(|(_, workspace)| workspace)),
            gateway_home: place(self.house.as_ref().map(|(home, _)| home)),
            user_home: home.to_owned(),
            user: match home.rsplit('/').next().filter(|_| !own) {
                Some(name) => name.to_owned(),
                None => user_name(),
            },
            protected_paths: self.loaded.config.security.protected_paths.clone(),
            outbound: outbound_policy(self.loaded)?,
            scanner: Arc::new(Redactor::new([])),
            own_port: 0,
        };
        let guard = guard_of(self.loaded, parts)?;
        self.guards.insert(home.to_owned(), guard);
        Ok(())
    }
}

fn place(path: Option<&PathBuf>) -> String {
    path.map_or_else(|| "/nonexistent".to_owned(), |path| path.to_string_lossy().into_owned())
}

/// The home directory that `cwd` lies in: a command in another user's home is judged as theirs.
fn home_around(cwd: &str) -> String {
    let own = user_home();
    if cwd == own || cwd.strip_prefix(&own).is_some_and(|rest| rest.starts_with('/')) {
        return own;
    }
    let mut parts = cwd.split('/').skip(1);
    match (parts.next(), parts.next()) {
        (Some(place @ ("home" | "Users")), Some(name)) if !name.is_empty() => {
            format!("/{place}/{name}")
        }
        _ => own,
    }
}
