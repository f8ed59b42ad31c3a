//! Who is asking.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};

use crate::mattermost::model::ids::UserId;
use crate::mattermost::model::users::SessionKind;
use crate::mattermost::refusal::Refusal;
use crate::mattermost::server::Server;

/// A user whose token is good.
#[derive(Debug, Clone)]
pub(super) struct Caller {
    pub(super) user: UserId,
    pub(super) session: SessionKind,
}

impl Caller {
    /// An id in an address, where `me` stands for the caller.
    pub(super) fn named(&self, id: String) -> String {
        if id == "me" { self.user.to_string() } else { id }
    }
}

impl FromRequestParts<Arc<Server>> for Caller {
    type Rejection = Refusal;

    async fn from_request_parts(
        parts: &mut Parts,
        server: &Arc<Server>,
    ) -> Result<Self, Self::Rejection> {
        let session = bearer(&parts.headers).and_then(|token| server.session(&token));
        let session = session.ok_or_else(Refusal::not_logged_in)?;
        Ok(Self { user: session.user, session: session.kind })
    }
}

/// The token of a request.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    let known = ["bearer", "token"].iter().any(|known| scheme.eq_ignore_ascii_case(known));
    known.then(|| token.trim().to_owned())
}
