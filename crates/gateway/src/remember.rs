//! Requests that come twice under one idempotency key.

use std::time::Duration;

use countersign_domain::time::Timestamp;
use countersign_ports::store::{Change, IdempotentAnswer, StoreError};

use crate::caller::Caller;
use crate::gateway::Gateway;
use crate::start_run::Idempotency;

/// How long an answer is remembered for its idempotency key.
pub(crate) const REMEMBERED_FOR: Duration = Duration::from_hours(24);

/// What is known of a request.
pub(crate) enum Recalled {
    /// It is new, or has no key.
    New,
    /// What it made.
    Known(String),
    /// Its key was used for something else.
    Other,
}

impl Gateway {
    /// Whether a request came before, and what it made then.
    pub(crate) async fn recall(
        &self,
        caller: &Caller,
        idempotency: Option<&Idempotency>,
    ) -> Result<Recalled, StoreError> {
        let Some(idempotency) = idempotency else {
            return Ok(Recalled::New);
        };
        let found = self.store.access().remembered(&caller.principal, &idempotency.key).await?;
        Ok(match found.filter(|answer| self.clock.now() < answer.expires_at) {
            None => Recalled::New,
            Some(answer) if answer.request != idempotency.request => Recalled::Other,
            Some(answer) => Recalled::Known(answer.body),
        })
    }
}

/// Remembers what a request has made, for the commit that makes it.
pub(crate) fn remembering(
    caller: &Caller,
    idempotency: &Idempotency,
    made: String,
    now: Timestamp,
) -> Change {
    Change::Remember(IdempotentAnswer {
        caller: caller.principal.clone(),
        key: idempotency.key.clone(),
        request: idempotency.request,
        status: 201,
        body: made,
        expires_at: now.after(REMEMBERED_FOR),
    })
}

/// What was remembered cannot be read.
pub(crate) fn unreadable(error: &impl ToString) -> StoreError {
    let what = "remembered answer".to_owned();
    StoreError::Unreadable { what, message: error.to_string() }
}
