//! Signing in to the web page by a one-time link.

use std::time::Duration;

use countersign_domain::access::Scope;
use countersign_domain::audit::{AuditKind, AuditRecord};
use countersign_domain::digest::Digest;
use countersign_domain::identity::{Actor, Principal};
use countersign_domain::ids::WebSessionId;
use countersign_domain::time::Timestamp;
use countersign_ports::store::{
    Change, Conflicting, SignInLink, StoreError, UnitOfWork, WebSession,
};
use serde_json::Map;

use crate::authenticate::AuthError;
use crate::caller::{Caller, Forbidden};
use crate::gateway::Gateway;
use crate::manage_keys::Secret;

/// How long a one-time link is good.
const LINK_LASTS: Duration = Duration::from_mins(15);

/// How long a sign-in is good.
const SIGN_IN_LASTS: Duration = Duration::from_hours(12);

/// A fresh one-time link.
#[derive(Debug)]
pub struct NewLink {
    /// What the link carries.
    pub token: Secret,
    /// Until when it is good.
    pub expires_at: Timestamp,
}

/// Why no link is made.
#[derive(Debug, thiserror::Error)]
pub enum NewLinkError {
    /// The caller may not.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A fresh sign-in.
#[derive(Debug)]
pub struct SignedIn {
    /// The cookie's value.
    pub cookie: Secret,
    /// Until when it is good.
    pub expires_at: Timestamp,
    /// How long that is.
    pub lasts: Duration,
}

/// Somebody who is signed in to the web page.
#[derive(Debug, Clone)]
pub struct WebCaller {
    /// Who.
    pub caller: Caller,
    /// What every changing request must repeat: proves that the page itself sent it.
    pub csrf: String,
    /// Until when the sign-in is good.
    pub expires_at: Timestamp,
}

impl Gateway {
    /// Makes a one-time link's token.
    pub async fn new_sign_in_link(&self, caller: &Caller) -> Result<NewLink, NewLinkError> {
        caller.require(Scope::Admin)?;
        let token = Secret::new("cs_link_", self.entropy.secret());
        let now = self.clock.now();
        let expires_at = now.after(LINK_LASTS);
        let record = AuditRecord {
            at: now,
            kind: AuditKind::SignInLinkMade,
            actor: Actor::Principal(caller.principal.clone()),
            subject: "web".to_owned(),
            session: None,
            detail: Map::new(),
        };
        let work = UnitOfWork::new()
            .and(Change::AddSignInLink(SignInLink { token: token.digest(), expires_at }))
            .and(Change::AddAudit(Box::new(record)));
        self.commit(work).await?;
        Ok(NewLink { token, expires_at })
    }

    /// Uses a link's token up.
    pub async fn sign_in(&self, token: &str) -> Result<SignedIn, AuthError> {
        let now = self.clock.now();
        let cookie = Secret::new("cs_web_", self.entropy.secret());
        let expires_at = now.after(SIGN_IN_LASTS);
        let session = WebSession {
            id: WebSessionId::from_uuid(self.entropy.uuid()),
            token: cookie.digest(),
            expires_at,
        };
        let record = AuditRecord {
            at: now,
            kind: AuditKind::SignedIn,
            actor: Actor::Principal(Principal::Operator),
            subject: session.id.to_string(),
            session: None,
            detail: Map::new(),
        };
        let work = UnitOfWork::new()
            .and(Change::UseSignInLink(Digest::of(token.as_bytes()), now))
            .and(Change::AddWebSession(session))
            .and(Change::AddAudit(Box::new(record)));
        match self.commit(work).await {
            Ok(_) => Ok(SignedIn { cookie, expires_at, lasts: SIGN_IN_LASTS }),
            Err(StoreError::Conflict(Conflicting::SignInLink)) => Err(AuthError::Refused),
            Err(error) => Err(error.into()),
        }
    }

    /// The person behind a cookie.
    pub async fn authenticate_cookie(&self, cookie: &str) -> Result<WebCaller, AuthError> {
        let session = self.web_session(cookie).await?.ok_or(AuthError::Refused)?;
        Ok(WebCaller {
            caller: Caller::operator(),
            csrf: Digest::of(format!("csrf:{cookie}").as_bytes()).to_string(),
            expires_at: session.expires_at,
        })
    }

    /// Ends a sign-in.
    pub async fn sign_out(&self, cookie: &str) -> Result<(), StoreError> {
        if let Some(session) = self.web_session(cookie).await? {
            self.commit(UnitOfWork::new().and(Change::RemoveWebSession(session.id))).await?;
        }
        Ok(())
    }

    async fn web_session(&self, cookie: &str) -> Result<Option<WebSession>, StoreError> {
        let found = self.store.access().web_session(Digest::of(cookie.as_bytes())).await?;
        let now = self.clock.now();
        Ok(found.filter(|session| now < session.expires_at))
    }
}
