//! The keys of one gateway over time: one that signs, and those that signed before it.

use serde::{Deserialize, Serialize};

use super::{InvalidKey, SigningKey, SigningKeyId, VerifyingKey, VerifyingKeys};
use crate::ids::GatewayId;
use crate::time::Timestamp;

/// The key pairs of a gateway. Rotating retires the signing key: what it has signed stays
/// verifiable, and its secret half is forgotten.
#[derive(Debug)]
pub struct KeyRing {
    gateway: GatewayId,
    current: SigningKey,
    created_at: Timestamp,
    retired: Vec<RetiredKey>,
    /// The secret of chat platforms, once it does not follow from the current key any more.
    platforms: Option<[u8; 32]>,
}

/// A key that signs no more.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RetiredKey {
    /// The public half; the secret one is gone.
    pub public: VerifyingKey,
    /// Since when it signed.
    pub created_at: Timestamp,
    /// Since when it signs no more.
    pub retired_at: Timestamp,
}

/// A public key and when it signed, as it is published.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PublishedKey {
    /// The key's id, as it stands in the footer of what it signed.
    pub kid: SigningKeyId,
    /// The public key as PASERK (`k4.public.…`).
    pub paserk: VerifyingKey,
    /// Since when it has signed.
    pub created_at: Timestamp,
    /// Since when it signs no more; `None` for the one that signs now.
    pub retired_at: Option<Timestamp>,
}

/// The ring as its file holds it.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    v: u32,
    gateway: GatewayId,
    secret: String,
    created_at: Timestamp,
    retired: Vec<RetiredKey>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    platforms: Option<String>,
}

/// The format that this version writes.
const FORMAT: u32 = 1;

/// Why a text is not a ring.
#[derive(Debug, thiserror::Error)]
pub enum InvalidRing {
    /// It is not the JSON that this program writes.
    #[error("not a file of signing keys: {0}")]
    Json(String),
    /// It was written by a newer version.
    #[error("its format is {0}, and this version knows {FORMAT}")]
    Format(u32),
    /// Its secret key is none.
    #[error(transparent)]
    Key(#[from] InvalidKey),
}

impl KeyRing {
    /// A ring of one new key.
    pub const fn new(gateway: GatewayId, key: SigningKey, now: Timestamp) -> Self {
        Self { gateway, current: key, created_at: now, retired: Vec::new(), platforms: None }
    }

    /// The gateway that these keys sign for.
    pub const fn gateway(&self) -> GatewayId {
        self.gateway
    }

    /// The key that signs now.
    pub const fn current(&self) -> &SigningKey {
        &self.current
    }

    /// The ring in which `key` signs from now on.
    #[must_use]
    pub fn rotated(&self, key: SigningKey, now: Timestamp) -> Self {
        let mut retired = self.retired.clone();
        retired.push(RetiredKey {
            public: self.current.verifying_key().clone(),
            created_at: self.created_at,
            retired_at: now,
        });
        let platforms = Some(self.platform_secret());
        Self { gateway: self.gateway, current: key, created_at: now, retired, platforms }
    }

    /// What adapters of chat platforms seal their buttons with: the same on every node that has
    /// these keys, and the same after a rotation, so that the cards that are open stay good.
    pub fn platform_secret(&self) -> [u8; 32] {
        // It follows from the key that the nodes share already; the key does not follow from it.
        self.platforms.unwrap_or_else(|| self.current.derive("countersign chat platforms 1"))
    }

    /// Every key whose signatures count.
    pub fn verifying(&self) -> VerifyingKeys {
        let retired = self.retired.iter().map(|key| key.public.clone());
        retired.chain([self.current.verifying_key().clone()]).collect()
    }

    /// Every public key, newest first.
    pub fn published(&self) -> Vec<PublishedKey> {
        let current = PublishedKey {
            kid: self.current.id().clone(),
            paserk: self.current.verifying_key().clone(),
            created_at: self.created_at,
            retired_at: None,
        };
        let retired = self.retired.iter().rev().map(|key| PublishedKey {
            kid: key.public.id().clone(),
            paserk: key.public.clone(),
            created_at: key.created_at,
            retired_at: Some(key.retired_at),
        });
        [current].into_iter().chain(retired).collect()
    }

    /// The ring as its file holds it, with the secret key. `None` if it cannot be written.
    pub fn to_document(&self) -> Option<String> {
        let document = Document {
            v: FORMAT,
            gateway: self.gateway,
            secret: self.current.to_paserk()?,
            created_at: self.created_at,
            retired: self.retired.clone(),
            platforms: self.platforms.map(|secret| hex(&secret)),
        };
        serde_json::to_string_pretty(&document).ok()
    }

    /// The ring that [`Self::to_document`] has written.
    pub fn from_document(text: &str) -> Result<Self, InvalidRing> {
        #[derive(Deserialize)]
        struct Head {
            v: u32,
        }
        // The message names a place and never quotes the text, which holds a secret.
        let json = |error: serde_json::Error| {
            InvalidRing::Json(format!("line {}, column {}", error.line(), error.column()))
        };
        let Head { v } = serde_json::from_str(text).map_err(json)?;
        if v != FORMAT {
            return Err(InvalidRing::Format(v));
        }
        let document: Document = serde_json::from_str(text).map_err(json)?;
        Ok(Self {
            gateway: document.gateway,
            current: SigningKey::from_paserk(&document.secret)?,
            created_at: document.created_at,
            retired: document.retired,
            platforms: match document.platforms {
                None => None,
                Some(text) => Some(unhex(&text).ok_or_else(|| {
                    InvalidRing::Json("`platforms` is not 64 hex digits".to_owned())
                })?),
            },
        })
    }
}

fn hex(bytes: &[u8]) -> String {
    let halves = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    halves.filter_map(|half| char::from_digit(half.into(), 16)).collect()
}

fn unhex(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    if text.len() != 64 || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    for (place, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(2 * place..2 * place + 2)?, 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::signing::Purpose;

    fn key(seed: u8) -> SigningKey {
        SigningKey::from_seed([seed; 32]).unwrap()
    }

    fn ring() -> KeyRing {
        KeyRing::new(GatewayId::from_uuid(Uuid::from_u128(1)), key(1), Timestamp::from_millis(1))
    }

    #[test]
    fn what_a_retired_key_has_signed_stays_verifiable_and_its_secret_is_gone() {
        let ring = ring();
        let secret = ring.current().to_paserk().unwrap();
        let token = ring.current().sign(Purpose::Grant, "{}").unwrap();
        let ring = ring.rotated(key(2), Timestamp::from_millis(2));
        assert!(ring.verifying().verify(Purpose::Grant, &token).is_ok());
        let text = ring.to_document().unwrap();
        assert!(!text.contains(&secret));
        let read = KeyRing::from_document(&text).unwrap();
        assert_eq!(read.current().id(), key(2).id());
        assert_eq!(read.gateway(), ring.gateway());
        assert!(read.verifying().verify(Purpose::Grant, &token).is_ok());
        let published = read.published();
        assert_eq!(published.len(), 2);
        assert_eq!(published[0].kid, *key(2).id());
        assert_eq!(published[1].retired_at, Some(Timestamp::from_millis(2)));
    }

    #[test]
    fn the_secret_of_platforms_stays_the_same_through_rotations_and_the_file() {
        let first = ring();
        let secret = first.platform_secret();
        // A file of before, which has none.
        assert!(!first.to_document().unwrap().contains("platforms"));
        let again = KeyRing::from_document(&first.to_document().unwrap()).unwrap();
        assert_eq!(again.platform_secret(), secret);
        let later = first.rotated(key(2), Timestamp::from_millis(2));
        let later = later.rotated(key(3), Timestamp::from_millis(3));
        let text = later.to_document().unwrap();
        assert_eq!(KeyRing::from_document(&text).unwrap().platform_secret(), secret);
        let other = KeyRing::new(first.gateway(), key(2), Timestamp::from_millis(1));
        assert_ne!(other.platform_secret(), secret);
        assert!(KeyRing::from_document(&text.replace(&hex(&secret), "12")).is_err());
    }

    #[test]
    fn a_file_that_is_no_ring_is_refused_without_quoting_it() {
        let text = ring().to_document().unwrap();
        let secret = ring().current().to_paserk().unwrap();
        let wrong = [
            String::new(),
            "{}".to_owned(),
            text.replace("\"v\": 1", "\"v\": 9"),
            text.replace(&secret, secret.get(..40).unwrap()),
            text.replace("\"retired\"", "\"more\""),
            text.replace("k4.secret", "k4.public"),
        ];
        for text in wrong {
            let error = KeyRing::from_document(&text).unwrap_err();
            assert!(
                !format!("{error} {error:?}").contains(secret.get(12..40).unwrap()),
                "{error:?}"
            );
        }
    }
}
