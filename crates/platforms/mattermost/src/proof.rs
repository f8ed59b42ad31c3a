//! Proving a click by the server's signature, as `require_signed_click` says.
//!
//! A key that was seen once is noted: from then on nothing counts without it, whether or not the server
//! can be asked.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use reqwest::Method;
use serde::Deserialize;
use tokio::time::Instant;

use crate::adapter::Mattermost;
use crate::config::SignedClicks;
use crate::id::UserId;
use crate::lane::Urgency;
use crate::trigger::{NoProof, ServerKey};

/// The key is not asked for more often: a wrong signature makes one request, not many.
const AGAIN_AFTER: Duration = Duration::from_secs(20);

/// A click waits no longer for the key: people wait for the click.
const PATIENCE: Duration = Duration::from_secs(3);

/// The name of the note with the key.
const SERVER_KEY: &str = "server_key";

/// The server's key, as far as it is known.
#[derive(Debug, Default)]
pub(crate) struct Proof(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    key: Option<ServerKey>,
    /// When the server was asked last because of a wrong signature, or said that it has no key.
    asked: Option<Instant>,
}

/// What the server says of its key.
enum Shown {
    Key(ServerKey),
    /// It answers, and shows none.
    None,
    Unknown,
}

/// Why a click does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unproven {
    /// The signature says otherwise.
    #[error(transparent)]
    No(#[from] NoProof),
    /// The server has none, and must.
    #[error("the server shows no key for its signatures, so the click cannot be checked")]
    NoKey,
    /// The server does not say which it has.
    #[error("the server's key cannot be had at this time; try again")]
    NotNow,
}

#[derive(Deserialize)]
struct ClientConfig {
    #[serde(rename = "AsymmetricSigningPublicKey", default)]
    key: String,
}

impl Mattermost {
    /// Nothing, if `trigger` proves that `user` does something about now, or need not.
    pub(crate) async fn proven(&self, trigger: &str, user: &UserId) -> Result<(), Unproven> {
        let policy = self.settings.signed_clicks;
        if policy == SignedClicks::Never {
            return Ok(());
        }
        let verify = |key: &ServerKey| key.verify(trigger, user.as_str(), self.clock.now());
        let Some(key) = self.known_key().await? else {
            if self.proof.was_asked() {
                return unsigned(policy);
            }
            return match self.shown_key().await {
                Shown::Key(key) => Ok(verify(&key)?),
                Shown::None => {
                    self.proof.note_asked();
                    unsigned(policy)
                }
                Shown::Unknown => Err(Unproven::NotNow),
            };
        };
        match verify(&key) {
            // A restored or replaced server has another key.
            Err(NoProof::Forged) if !self.proof.was_asked() => {
                self.proof.note_asked();
                match self.shown_key().await {
                    Shown::Key(key) => Ok(verify(&key)?),
                    Shown::None | Shown::Unknown => Err(NoProof::Forged.into()),
                }
            }
            verified => Ok(verified?),
        }
    }

    /// The key that this process, or another one, has seen.
    async fn known_key(&self) -> Result<Option<ServerKey>, Unproven> {
        let known = self.proof.known().key.clone();
        if known.is_some() {
            return Ok(known);
        }
        let noted = self.notes.read(&self.note_name(SERVER_KEY)).await.map_err(|error| {
            tracing::warn!(%error, "whether the server has shown a key is not known");
            Unproven::NotNow
        })?;
        // What another server has shown says nothing.
        let key = noted.as_deref().and_then(|noted| noted.split_once(' '));
        let key = key.filter(|(server, _)| *server == self.rest.base().as_str());
        let key = key.and_then(|(_, key)| ServerKey::from_published(key));
        self.proof.known().key.clone_from(&key);
        Ok(key)
    }

    /// Asks for the key, and notes it.
    async fn shown_key(&self) -> Shown {
        let path = "config/client?format=old";
        let asking = self.rest.call::<ClientConfig>(Urgency::Card, Method::GET, path, None);
        let published = match tokio::time::timeout(PATIENCE, asking).await {
            Ok(Ok(config)) => config.key,
            Ok(Err(error)) => {
                tracing::warn!(%error, "the server's key cannot be had");
                return Shown::Unknown;
            }
            Err(_) => return Shown::Unknown,
        };
        if published.trim().is_empty() {
            return Shown::None;
        }
        let Some(key) = ServerKey::from_published(&published) else {
            tracing::warn!("the server's key is of no kind that is known here");
            return Shown::Unknown;
        };
        self.proof.known().key = Some(key.clone());
        let note = format!("{} {}", self.rest.base(), published.trim());
        if let Err(error) = self.notes.write(&self.note_name(SERVER_KEY), note).await {
            tracing::warn!(%error, "the server's key could not be noted");
        }
        Shown::Key(key)
    }
}

impl Proof {
    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn was_asked(&self) -> bool {
        self.known().asked.is_some_and(|asked| asked.elapsed() < AGAIN_AFTER)
    }

    fn note_asked(&self) {
        self.known().asked = Some(Instant::now());
    }
}

/// What is to be said where the server has no key.
fn unsigned(policy: SignedClicks) -> Result<(), Unproven> {
    if policy == SignedClicks::Always {
        return Err(Unproven::NoKey);
    }
    tracing::warn!("a click was taken without the server's signature: the server shows no key");
    Ok(())
}
