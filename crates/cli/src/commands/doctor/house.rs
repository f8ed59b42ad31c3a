//! What belongs to the house itself: the home, the configuration, the environment, the signing keys.

use std::io;
use std::path::Path;

use countersign_domain::signing::KeyRing;

use super::Finding;
use crate::clock::SystemClock;
use crate::config::{Loaded, load};
use crate::environment::Environment;
use crate::failure::Failure;
use crate::home::{Home, HomeError, check_private};
use crate::{business_number, compose, operators_chat, sending};

/// What there is to say of the signing keys.
pub(super) struct Keys {
    pub(super) finding: Finding,
    /// The gateway whose keys they are, if they can be read.
    pub(super) gateway: Option<String>,
}

/// The directory, and who may look into it: a line for each thing that is wrong.
pub(super) fn home(home: &Home, problems: &[HomeError]) -> Vec<Finding> {
    if problems.is_empty() {
        let says = format!("{} is this user's alone", home.root().display());
        return vec![Finding::good("home", says)];
    }
    let told = |problem: &HomeError| {
        let says = problem.to_string();
        match problem {
            HomeError::Missing(_) => Finding::poor("home", says),
            HomeError::NotOurs(..) => {
                Finding::bad("home", format!("{says}; run this and the gateway as that user"))
            }
            HomeError::NotADirectory(_) => {
                Finding::bad("home", format!("{says}; move it away, or give --home DIR"))
            }
            HomeError::Nowhere
            | HomeError::Open { .. }
            | HomeError::Taken(..)
            | HomeError::Io(..) => Finding::bad("home", says),
        }
    };
    problems.iter().map(told).collect()
}

/// The configuration file, and what it says if that can be read.
pub(super) fn config(file: &Path) -> (Option<Loaded>, Finding) {
    let bad = |failure: Failure| Finding::failed("config", &failure);
    if let Err(error) = check_private(file) {
        return (None, bad(error.into()));
    }
    if !file.exists() {
        let says = format!(
            "`{}` does not exist: the built-in values hold; `countersign up` makes one in the home",
            file.display()
        );
        return (Some(Loaded::defaults()), Finding::poor("config", says));
    }
    match load(file, &[]) {
        Err(error) => (None, bad(error.into())),
        Ok(loaded) => {
            let finding = match compose::check_values(&loaded) {
                Ok(()) => Finding::good("config", file.display().to_string()),
                Err(failure) => bad(failure),
            };
            (Some(loaded), finding)
        }
    }
}

/// What the environment adds to the configuration. What the store, the bus, the model and the bots
/// take from it is told there.
pub(super) fn environment(loaded: &Loaded, environment: &Environment) -> Finding {
    let variable = |name: &str| environment.get(name);
    let token = loaded.config.gateway.metrics_token(variable);
    let token = token.map_err(|error| Failure::from(loaded.problem(error.key, &error.problem)));
    let clock = std::sync::Arc::new(SystemClock);
    let checked = environment
        .check()
        .and_then(|()| token.map(drop))
        .and_then(|()| sending::sending(loaded, variable, clock, Vec::new()).map(drop))
        .and_then(|()| operators_chat::check_named(loaded, environment))
        .and_then(|()| business_number::settings(loaded, variable).map(drop));
    match checked {
        Ok(()) => Finding::good("environment", "what the configuration takes from it is there"),
        Err(failure) => Finding::bad("environment", of_this_environment(&failure)),
    }
}

/// What a failure says, where the environment may be another than the gateway's.
pub(super) fn of_this_environment(failure: &Failure) -> String {
    let says = failure.message().unwrap_or_default();
    if !says.contains("environment variable") {
        return says.to_owned();
    }
    format!("{says} (start this with the environment of the gateway: its secrets may be in there)")
}

/// The signing keys.
pub(super) fn keys(home: &Home) -> Keys {
    let path = home.signing_keys();
    let shown = path.display();
    let said = |finding| Keys { finding, gateway: None };
    match std::fs::read_to_string(&path) {
        Ok(text) => match KeyRing::from_document(&text) {
            Ok(ring) => {
                let (keys, gateway) = (ring.published().len(), ring.gateway().to_string());
                let says = format!("of {gateway}, {keys} in all; `{}` signs", ring.current().id());
                Keys { finding: Finding::good("signing keys", says), gateway: Some(gateway) }
            }
            Err(problem) => said(Finding::bad(
                "signing keys",
                format!("`{shown}`: {problem}; restore the file from a back-up"),
            )),
        },
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            said(Finding::bad("signing keys", format!("`{shown}`: {error}")))
        }
        Err(_) if home.database().exists() => said(Finding::bad(
            "signing keys",
            format!(
                "`{shown}` is missing, and there is a database: restore the file from a back-up. \
                 Without it a start makes new keys, and what the old ones have signed is verified \
                 only with their public halves"
            ),
        )),
        Err(_) => said(Finding::skipped("signing keys", "the first start makes them")),
    }
}
