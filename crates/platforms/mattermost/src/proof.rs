//! Proving a click by the server's signature, as `require_signed_click` says.

use std::time::Duration;

use countersign_domain::time::Timestamp;
use serde::Deserialize;
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::config::SignedClicks;
use crate::id::UserId;
use crate::rest::Rest;
use crate::trigger::{NoProof, ServerKey};

/// The key is not asked for more often: a wrong signature makes one request, not many.
const AGAIN_AFTER: Duration = Duration::from_secs(20);

/// A click waits no longer for the key: people wait for the click.
const PATIENCE: Duration = Duration::from_secs(3);

/// The server's key, as far as it is known.
#[derive(Debug, Default)]
pub(crate) struct Proof {
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    key: Option<ServerKey>,
    asked: Option<Instant>,
}

/// Why a click does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unproven {
    /// The signature says otherwise.
    #[error(transparent)]
    No(#[from] NoProof),
    /// It cannot be checked, and must be.
    #[error("the server's key cannot be had, so the click cannot be checked")]
    NoKey,
}

#[derive(Deserialize)]
struct ClientConfig {
    #[serde(rename = "AsymmetricSigningPublicKey", default)]
    key: String,
}

impl Proof {
    /// Nothing, if `trigger` proves that `user` does something about `now`, or need not.
    pub(crate) async fn of(
        &self,
        (trigger, user): (&str, &UserId),
        policy: SignedClicks,
        (rest, now): (&Rest, Timestamp),
    ) -> Result<(), Unproven> {
        if policy == SignedClicks::Never {
            return Ok(());
        }
        let mut known = self.known.lock().await;
        let mut fresh = false;
        if known.key.is_none() {
            fresh = known.ask(rest).await;
        }
        let first = known.key.as_ref().map(|key| key.verify(trigger, user.as_str(), now));
        let outcome = match first {
            // A restored or replaced server has another key.
            Some(Err(NoProof::Forged)) if !fresh && known.ask(rest).await => {
                known.key.as_ref().map(|key| key.verify(trigger, user.as_str(), now))
            }
            outcome => outcome,
        };
        match outcome {
            Some(verified) => Ok(verified?),
            None if policy == SignedClicks::Always => Err(Unproven::NoKey),
            None => {
                tracing::warn!(
                    "a click was taken without the server's signature: its key cannot be had"
                );
                Ok(())
            }
        }
    }
}

impl Known {
    /// Asks for the key; whether it is known now because of that.
    async fn ask(&mut self, rest: &Rest) -> bool {
        if self.asked.is_some_and(|asked| asked.elapsed() < AGAIN_AFTER) {
            return false;
        }
        self.asked = Some(Instant::now());
        let asking = rest.get::<ClientConfig>("config/client?format=old");
        let found = tokio::time::timeout(PATIENCE, asking).await.ok();
        let key =
            found.and_then(Result::ok).and_then(|config| ServerKey::from_published(&config.key));
        let known = key.is_some();
        if known {
            self.key = key;
        }
        known
    }
}
