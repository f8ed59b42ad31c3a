//! Ids in paths. What is no id names no resource: 404, like an id that nobody has.

use std::str::FromStr;

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use countersign_domain::identity::KeyName;
use countersign_domain::ids::{ApprovalId, PairingId, RuleId, RunId, SessionId};

use crate::problem::Problem;
use crate::server::App;

/// The id in the path of a route.
pub(crate) struct Id<T>(pub(crate) T);

/// What can be named in a path.
pub(crate) trait Named: FromStr + Send {
    /// For people.
    const WHAT: &'static str;
    /// The code of a 404.
    const NOT_FOUND: &'static str;
}

impl Named for RunId {
    const WHAT: &'static str = "run";
    const NOT_FOUND: &'static str = "run_not_found";
}

impl Named for ApprovalId {
    const WHAT: &'static str = "approval";
    const NOT_FOUND: &'static str = "approval_not_found";
}

impl Named for SessionId {
    const WHAT: &'static str = "session";
    const NOT_FOUND: &'static str = "session_not_found";
}

impl Named for RuleId {
    const WHAT: &'static str = "rule";
    const NOT_FOUND: &'static str = "rule_not_found";
}

impl Named for PairingId {
    const WHAT: &'static str = "pairing";
    const NOT_FOUND: &'static str = "pairing_not_found";
}

impl Named for KeyName {
    const WHAT: &'static str = "key";
    const NOT_FOUND: &'static str = "key_not_found";
}

impl<T: Named> FromRequestParts<App> for Id<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let text = Path::<String>::from_request_parts(parts, app).await;
        let parsed = text.ok().and_then(|Path(text)| text.parse().ok());
        parsed
            .map(Self)
            .ok_or_else(|| Problem::missing(T::NOT_FOUND, format!("there is no such {}", T::WHAT)))
    }
}
