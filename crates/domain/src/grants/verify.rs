//! Whether a grant is good for an action.

use super::{Binding, Grant, Terms};
use crate::digest::Digest;
use crate::ids::{ApprovalId, GatewayId, GrantId, RuleId};
use crate::permit::{Basis, UncommittedPermit};
use crate::signing::{Purpose, SignatureError, VerifyingKeys};
use crate::time::Timestamp;

/// The longest token that is looked at, in bytes.
const LONGEST: usize = 8 * 1024;

/// A grant whose signature, times and bindings fit the action at hand. Not yet used up.
#[derive(Debug)]
pub struct VerifiedGrant {
    grant: Grant,
}

/// That a grant is used up now, to be committed together with the start of its action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Use {
    grant: GrantId,
    at: Timestamp,
}

/// Why nothing happens on a grant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GrantError {
    /// There is none.
    #[error("there is no grant")]
    Missing,
    /// It is no token of this form, or does not say what a grant says.
    #[error("the grant cannot be read")]
    Malformed,
    /// It was not signed by this gateway for this purpose.
    #[error("the grant's signature does not count here: {0}")]
    Signature(&'static str),
    /// Its time is over, or has not come.
    #[error("the grant is good from {nbf} until {exp}, and it is {now}")]
    Expired {
        /// Not before.
        nbf: Timestamp,
        /// Not at or after.
        exp: Timestamp,
        /// The time now.
        now: Timestamp,
    },
    /// It is for another tool or kind of action.
    #[error("the grant is for {granted}, not for {asked}")]
    WrongTool {
        /// What it is for.
        granted: String,
        /// What was attempted.
        asked: String,
    },
    /// It is for another destination.
    #[error("the grant is for another destination")]
    WrongDestination,
    /// What is about to happen is not what was decided.
    #[error("the content changed: the grant is for {granted}, the action is {actual}")]
    ContentChanged {
        /// Digest of what was decided.
        granted: Digest,
        /// Digest of what is about to happen.
        actual: Digest,
    },
    /// It is for another conversation.
    #[error("the grant is for another session")]
    WrongSession,
    /// It was used before.
    #[error("the grant has been used")]
    Used,
    /// It was taken back, or was never issued by this gateway's store.
    #[error("the grant has been revoked")]
    Revoked,
}

impl GrantError {
    /// The stable word for programs.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Missing => "grant_missing",
            Self::Malformed => "grant_malformed",
            Self::Signature(_) => "grant_signature",
            Self::Expired { .. } => "grant_expired",
            Self::WrongTool { .. } => "grant_wrong_tool",
            Self::WrongDestination => "grant_wrong_destination",
            Self::ContentChanged { .. } => "grant_content_changed",
            Self::WrongSession => "grant_wrong_session",
            Self::Used => "grant_used",
            Self::Revoked => "grant_revoked",
        }
    }
}

/// Whether `token` is a grant of these keys for exactly what `binding` says, at `now`.
///
/// That it has not been used is for the store to say, in the commit that carries [`Use`].
pub fn verify(
    token: &str,
    keys: &VerifyingKeys,
    binding: &Binding,
    now: Timestamp,
) -> Result<VerifiedGrant, GrantError> {
    let grant = signed(token, keys)?;
    check(&grant, binding, now)?;
    Ok(VerifiedGrant { grant })
}

/// The same for somebody who knows only a part of what is about to happen: `known` changes the
/// grant's own binding to what is known.
pub fn inspect(
    token: &str,
    keys: &VerifyingKeys,
    (gateway, now): (GatewayId, Timestamp),
    known: impl FnOnce(&Grant, &mut Binding),
) -> Result<VerifiedGrant, GrantError> {
    let grant = signed(token, keys)?;
    let mut binding = Binding {
        gateway,
        kind: grant.act,
        tool: grant.tool.clone(),
        destination: grant.dst.clone(),
        content: grant.sha,
        session: grant.ses,
    };
    known(&grant, &mut binding);
    check(&grant, &binding, now)?;
    Ok(VerifiedGrant { grant })
}

/// What a token says, if one of these keys has signed it as a grant.
fn signed(token: &str, keys: &VerifyingKeys) -> Result<Grant, GrantError> {
    if token.is_empty() {
        return Err(GrantError::Missing);
    }
    if token.len() > LONGEST {
        return Err(GrantError::Malformed);
    }
    let verified = keys.verify(Purpose::Grant, token).map_err(|error| match error {
        SignatureError::Malformed => GrantError::Malformed,
        SignatureError::UnknownKey => GrantError::Signature("it is another key's"),
        SignatureError::Signature => GrantError::Signature("it does not fit the content"),
    })?;
    serde_json::from_str(&verified.claims).map_err(|_| GrantError::Malformed)
}

fn check(grant: &Grant, binding: &Binding, now: Timestamp) -> Result<(), GrantError> {
    if grant.iss != binding.gateway || grant.aud != binding.gateway {
        return Err(GrantError::Signature("it was issued for another gateway"));
    }
    if now < grant.nbf || now >= grant.exp {
        return Err(GrantError::Expired { nbf: grant.nbf, exp: grant.exp, now });
    }
    if grant.tool != binding.tool || grant.act != binding.kind {
        let name =
            |tool: &str, kind: crate::action::ActionKind| format!("`{tool}` ({})", kind.as_str());
        return Err(GrantError::WrongTool {
            granted: name(&grant.tool, grant.act),
            asked: name(&binding.tool, binding.kind),
        });
    }
    if grant.ses != binding.session {
        return Err(GrantError::WrongSession);
    }
    if grant.dst != binding.destination {
        return Err(GrantError::WrongDestination);
    }
    if grant.sha != binding.content {
        let (granted, actual) = (grant.sha, binding.content);
        return Err(GrantError::ContentChanged { granted, actual });
    }
    Ok(())
}

impl VerifiedGrant {
    /// What it says.
    pub const fn grant(&self) -> &Grant {
        &self.grant
    }

    /// The approval that was decided.
    pub const fn approval(&self) -> Option<ApprovalId> {
        self.grant.appr
    }

    /// The rule that is used, if it was issued for one.
    pub const fn rule(&self) -> Option<RuleId> {
        match self.grant.terms {
            Terms::Rule(id) => Some(id),
            Terms::Once | Terms::Exempt | Terms::ApprovalsOff | Terms::ServiceChat => None,
        }
    }

    /// Uses the grant up: the permit is good once the use is committed with it.
    pub fn redeem(self, now: Timestamp) -> (UncommittedPermit, Use) {
        let Grant { jti, sha, appr, terms, .. } = self.grant;
        let basis = Basis::Granted { grant: jti, approval: appr, terms };
        (UncommittedPermit::by_grant(sha, basis), Use { grant: jti, at: now })
    }
}

impl Use {
    /// Which grant is used up.
    pub const fn grant(&self) -> GrantId {
        self.grant
    }

    /// When.
    pub const fn at(&self) -> Timestamp {
        self.at
    }
}
