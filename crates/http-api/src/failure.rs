//! What the verbs' errors come to over HTTP, where that is the same for every route.

use axum::http::StatusCode;
use countersign_domain::grants::GrantError;
use countersign_gateway::{
    AnswerError, AuthError, CheckpointError, ConsumeError, CreateKeyError, Forbidden, NewLinkError,
    ReadError, ReadNodesError, ReadPlatformsError, ReceiptError, RevokeRuleError, RotateError,
    StopRunError,
};
use countersign_ports::signer::SignerError;
use countersign_ports::store::StoreError;

use crate::problem::Problem;

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match &error {
            StoreError::Unavailable(_) | StoreError::Broken { .. } | StoreError::Conflict(_) => {
                tracing::error!(%error, "the store could not be used for a request");
                Self::store_unavailable()
            }
            StoreError::Expelled => {
                tracing::warn!(%error, "a request came to a node that the others took for dead");
                Self::store_unavailable()
            }
            StoreError::Missing(_) | StoreError::Unreadable { .. } => {
                tracing::error!(%error, "the store did not hold what a request needs");
                Self::internal()
            }
        }
    }
}

impl From<Forbidden> for Problem {
    fn from(error: Forbidden) -> Self {
        Self::new(StatusCode::FORBIDDEN, "insufficient_scope", error.to_string())
    }
}

impl From<ReadError> for Problem {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::NoApproval(_) => Self::missing("approval_not_found", error.to_string()),
            ReadError::NoRun(_) => Self::missing("run_not_found", error.to_string()),
            ReadError::Forbidden(error) => error.into(),
            ReadError::Store(error) => error.into(),
        }
    }
}

impl From<ReadNodesError> for Problem {
    fn from(error: ReadNodesError) -> Self {
        match error {
            ReadNodesError::Forbidden(error) => error.into(),
            ReadNodesError::Store(error) => error.into(),
        }
    }
}

impl From<ReadPlatformsError> for Problem {
    fn from(error: ReadPlatformsError) -> Self {
        match error {
            ReadPlatformsError::Forbidden(error) => error.into(),
            ReadPlatformsError::Store(error) => error.into(),
        }
    }
}

impl From<ReceiptError> for Problem {
    fn from(error: ReceiptError) -> Self {
        let conflict = |code| Self::new(StatusCode::CONFLICT, code, error.to_string());
        match error {
            ReceiptError::NotDecided(_) => conflict("not_decided"),
            ReceiptError::Unproven(_) => {
                tracing::error!(%error, "a decision cannot be proven");
                conflict("unproven")
            }
            ReceiptError::Read(error) => error.into(),
            ReceiptError::Checkpoint(CheckpointError::Signer(error)) => error.into(),
            ReceiptError::Checkpoint(CheckpointError::Store(error)) => error.into(),
        }
    }
}

impl From<StopRunError> for Problem {
    fn from(error: StopRunError) -> Self {
        match error {
            StopRunError::NoRun(_) => Self::missing("run_not_found", error.to_string()),
            StopRunError::Store(error) => error.into(),
        }
    }
}

impl From<AnswerError> for Problem {
    fn from(error: AnswerError) -> Self {
        let conflict = |code| Self::new(StatusCode::CONFLICT, code, error.to_string());
        match error {
            AnswerError::NoRun(_) => Self::missing("run_not_found", error.to_string()),
            AnswerError::NoQuestion => conflict("no_question"),
            AnswerError::Ambiguous(_) => conflict("question_ambiguous").about("/call_id"),
            AnswerError::Store(error) => error.into(),
        }
    }
}

impl From<RevokeRuleError> for Problem {
    fn from(error: RevokeRuleError) -> Self {
        match error {
            RevokeRuleError::NoRule(_) => Self::missing("rule_not_found", error.to_string()),
            RevokeRuleError::Forbidden(error) => error.into(),
            RevokeRuleError::Store(error) => error.into(),
        }
    }
}

impl From<RotateError> for Problem {
    fn from(error: RotateError) -> Self {
        match error {
            RotateError::Forbidden(error) => error.into(),
            RotateError::Signer(error) => error.into(),
            RotateError::Unrecorded(error) => error.into(),
        }
    }
}

impl From<SignerError> for Problem {
    fn from(error: SignerError) -> Self {
        tracing::error!(%error, "nothing can be signed");
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "signer_unavailable", error.to_string())
    }
}

impl From<ConsumeError> for Problem {
    fn from(error: ConsumeError) -> Self {
        match error {
            ConsumeError::Forbidden(error) => error.into(),
            ConsumeError::Store(error) => error.into(),
            error @ ConsumeError::RateLimited { .. } => {
                Self::new(StatusCode::TOO_MANY_REQUESTS, "rate_limited", error.to_string())
            }
            ConsumeError::Refused(error) => {
                let status = match error {
                    GrantError::Missing | GrantError::Malformed => StatusCode::BAD_REQUEST,
                    GrantError::Signature(_) => StatusCode::FORBIDDEN,
                    GrantError::Expired { .. } | GrantError::Revoked => StatusCode::GONE,
                    GrantError::Used
                    | GrantError::WrongTool { .. }
                    | GrantError::WrongDestination
                    | GrantError::ContentChanged { .. }
                    | GrantError::WrongSession => StatusCode::CONFLICT,
                };
                Self::new(status, error.code(), error.to_string())
            }
        }
    }
}

impl From<NewLinkError> for Problem {
    fn from(error: NewLinkError) -> Self {
        match error {
            NewLinkError::Forbidden(error) => error.into(),
            NewLinkError::Store(error) => error.into(),
        }
    }
}

impl From<CreateKeyError> for Problem {
    fn from(error: CreateKeyError) -> Self {
        match error {
            CreateKeyError::NoScope => Self::invalid("invalid_value", "/scopes", error.to_string()),
            CreateKeyError::ExpiresInThePast(_) => {
                Self::invalid("invalid_value", "/expires_at", error.to_string())
            }
            CreateKeyError::NameTaken(_) | CreateKeyError::NameReserved(_) => {
                let message = error.to_string();
                Self::new(StatusCode::CONFLICT, "key_name_taken", message).about("/name")
            }
            CreateKeyError::NoKey(_) => Self::missing("key_not_found", error.to_string()),
            CreateKeyError::Forbidden(error) => error.into(),
            CreateKeyError::Store(error) => error.into(),
        }
    }
}

impl From<AuthError> for Problem {
    fn from(error: AuthError) -> Self {
        match error {
            AuthError::Refused => Self::unauthenticated(error.to_string()),
            AuthError::Store(error) => error.into(),
        }
    }
}
