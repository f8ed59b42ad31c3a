//! The gateway's signatures: Ed25519 as PASETO `v4.public` tokens.
//!
//! Grants and checkpoints of the audit log are signed in one standard form, so that another program
//! can verify them with any PASETO library and the public key alone. Keys are written as PASERK
//! (`k4.secret`, `k4.public`) and named by PASERK's key id (`k4.pid`), which stands in the token's
//! footer. A token says in its implicit assertion what it was signed for, so that a signed
//! checkpoint can never pass for a grant.

mod ring;

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use ed25519_compact::{KeyPair, Seed};
use hmac::{Hmac, KeyInit as _, Mac as _};
use pasetors::keys::{AsymmetricPublicKey, AsymmetricSecretKey};
use pasetors::paserk::{FormatAsPaserk, Id};
use pasetors::token::{Public, UntrustedToken};
use pasetors::version4::{PublicToken, V4};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::Sha256;

pub use ring::{InvalidRing, KeyRing, PublishedKey, RetiredKey};

/// What a signature is made for; part of what is signed, though not of the token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// A grant: the proof of a decision.
    Grant,
    /// A checkpoint of the audit log.
    Checkpoint,
}

/// The name of a key pair: PASERK's id of the public key (`k4.pid.` and 44 characters).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SigningKeyId(String);

/// A secret key. Wiped from memory when it is dropped; its `Debug` shows only the id.
pub struct SigningKey {
    secret: AsymmetricSecretKey<V4>,
    public: VerifyingKey,
}

/// A public key.
#[derive(Debug, Clone)]
pub struct VerifyingKey {
    key: AsymmetricPublicKey<V4>,
    id: SigningKeyId,
}

/// The public keys whose signatures count.
#[derive(Debug, Clone, Default)]
pub struct VerifyingKeys(BTreeMap<SigningKeyId, VerifyingKey>);

/// What a verified token says, and which key said it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// The signed JSON text.
    pub claims: String,
    /// The key that signed it.
    pub key: SigningKeyId,
}

/// Why a text is not a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidKey {
    /// Not a `k4.secret.…`.
    #[error("not a PASERK secret key (`k4.secret.…`)")]
    Secret,
    /// Not a `k4.public.…`.
    #[error("not a PASERK public key (`k4.public.…`)")]
    Public,
    /// Not a `k4.pid.…`.
    #[error("not a PASERK key id (`k4.pid.…`)")]
    Id,
}

/// Why a token does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// It is no token of this form.
    #[error("not a `v4.public` token with a key id in its footer")]
    Malformed,
    /// No key of this gateway has the id that the token names.
    #[error("signed with a key that is not this gateway's")]
    UnknownKey,
    /// The signature is not this key's over this content for this purpose.
    #[error("the signature does not fit")]
    Signature,
}

/// The footer of a token.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Footer {
    kid: SigningKeyId,
}

impl Purpose {
    /// What stands in the implicit assertion.
    const fn assertion(self) -> &'static [u8] {
        match self {
            Self::Grant => b"countersign.grant.v1",
            Self::Checkpoint => b"countersign.checkpoint.v1",
        }
    }
}

impl SigningKey {
    /// The key pair that follows from 32 random bytes. `None` for the few seeds that the curve
    /// refuses; draw again then.
    pub fn from_seed(seed: [u8; 32]) -> Option<Self> {
        let pair = KeyPair::try_from_seed(Seed::new(seed)).ok()?;
        Self::of(AsymmetricSecretKey::from(pair.sk.as_ref()).ok()?)
    }

    /// The key that [`Self::to_paserk`] has written.
    pub fn from_paserk(text: &str) -> Result<Self, InvalidKey> {
        let secret = AsymmetricSecretKey::try_from(text).map_err(|_| InvalidKey::Secret)?;
        Self::of(secret).ok_or(InvalidKey::Secret)
    }

    fn of(secret: AsymmetricSecretKey<V4>) -> Option<Self> {
        let public = VerifyingKey::of(AsymmetricPublicKey::try_from(&secret).ok()?)?;
        Some(Self { secret, public })
    }

    /// The secret key as PASERK. Only for the key file.
    pub fn to_paserk(&self) -> Option<String> {
        let mut text = String::new();
        self.secret.fmt(&mut text).ok().map(|()| text)
    }

    /// The texts by which the secret key could be recognised: for the redactor.
    pub fn secrets(&self) -> Vec<String> {
        let paserk = self.to_paserk();
        let body = paserk.as_deref().and_then(|text| text.rsplit('.').next()).map(str::to_owned);
        paserk.into_iter().chain(body).collect()
    }

    /// A secret that follows from this one, for `purpose`; this one does not follow from it.
    pub fn derive(&self, purpose: &str) -> [u8; 32] {
        // HMAC hashes a key that is longer than a block, and fills up a shorter one with zeros.
        let mut block = [0; 64];
        for (to, from) in block.iter_mut().zip(self.secret.as_bytes()) {
            *to = *from;
        }
        let mut mac = Hmac::<Sha256>::new(&block.into());
        mac.update(purpose.as_bytes());
        mac.finalize().into_bytes().into()
    }

    /// The name of the pair.
    pub const fn id(&self) -> &SigningKeyId {
        &self.public.id
    }

    /// The public half.
    pub const fn verifying_key(&self) -> &VerifyingKey {
        &self.public
    }

    /// Signs `claims`, a JSON object, for `purpose`. `None` only if `claims` is empty.
    pub fn sign(&self, purpose: Purpose, claims: &str) -> Option<String> {
        let footer = format!(r#"{{"kid":"{}"}}"#, self.public.id);
        PublicToken::sign(
            &self.secret,
            claims.as_bytes(),
            Some(footer.as_bytes()),
            Some(purpose.assertion()),
        )
        .ok()
    }
}

impl VerifyingKey {
    fn of(key: AsymmetricPublicKey<V4>) -> Option<Self> {
        let mut id = String::new();
        Id::from(&key).fmt(&mut id).ok()?;
        Some(Self { key, id: SigningKeyId(id) })
    }

    /// The key that [`Self::to_paserk`] has written.
    pub fn from_paserk(text: &str) -> Result<Self, InvalidKey> {
        let key = AsymmetricPublicKey::try_from(text).map_err(|_| InvalidKey::Public)?;
        Self::of(key).ok_or(InvalidKey::Public)
    }

    /// The key as PASERK.
    pub fn to_paserk(&self) -> String {
        let mut text = String::new();
        // Writing to a string cannot fail.
        self.key.fmt(&mut text).map_or_else(|_| String::new(), |()| text)
    }

    /// The name of the pair.
    pub const fn id(&self) -> &SigningKeyId {
        &self.id
    }
}

impl VerifyingKeys {
    /// The key with this id.
    pub fn get(&self, id: &SigningKeyId) -> Option<&VerifyingKey> {
        self.0.get(id)
    }

    /// Every key, by id.
    pub fn iter(&self) -> impl Iterator<Item = &VerifyingKey> {
        self.0.values()
    }

    /// What `token` says, if one of these keys has signed it for `purpose`.
    pub fn verify(&self, purpose: Purpose, token: &str) -> Result<Verified, SignatureError> {
        let untrusted =
            UntrustedToken::<Public, V4>::try_from(token).map_err(|_| SignatureError::Malformed)?;
        let footer: Footer = serde_json::from_slice(untrusted.untrusted_footer())
            .map_err(|_| SignatureError::Malformed)?;
        let key = self.get(&footer.kid).ok_or(SignatureError::UnknownKey)?;
        let trusted = PublicToken::verify(&key.key, &untrusted, None, Some(purpose.assertion()))
            .map_err(|_| SignatureError::Signature)?;
        Ok(Verified { claims: trusted.payload().to_owned(), key: footer.kid })
    }
}

impl FromIterator<VerifyingKey> for VerifyingKeys {
    fn from_iter<I: IntoIterator<Item = VerifyingKey>>(keys: I) -> Self {
        Self(keys.into_iter().map(|key| (key.id.clone(), key)).collect())
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SigningKey").field(&self.public.id.0).finish()
    }
}

impl fmt::Display for SigningKeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for SigningKeyId {
    type Err = InvalidKey;

    fn from_str(text: &str) -> Result<Self, InvalidKey> {
        Id::try_from(text).map(|_| Self(text.to_owned())).map_err(|_| InvalidKey::Public).and_then(
            |id| if id.0.starts_with("k4.pid.") { Ok(id) } else { Err(InvalidKey::Public) },
        )
    }
}

macro_rules! serde_as_text {
    ($name:ident, $write:expr) => {
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let write: fn(&Self) -> String = $write;
                serializer.serialize_str(&write(self))
            }
        }
    };
}

serde_as_text!(SigningKeyId, |id| id.0.clone());
serde_as_text!(VerifyingKey, Self::to_paserk);

impl<'de> Deserialize<'de> for SigningKeyId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl<'de> Deserialize<'de> for VerifyingKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        Self::from_paserk(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(seed: u8) -> SigningKey {
        SigningKey::from_seed([seed; 32]).unwrap()
    }

    fn keys(of: &[&SigningKey]) -> VerifyingKeys {
        of.iter().map(|key| key.verifying_key().clone()).collect()
    }

    #[test]
    fn a_signature_counts_for_its_key_its_content_and_its_purpose_only() {
        let (ours, other) = (key(1), key(2));
        let token = ours.sign(Purpose::Grant, r#"{"a":1}"#).unwrap();
        assert!(token.starts_with("v4.public."), "{token}");
        let known = keys(&[&ours]);
        let verified = known.verify(Purpose::Grant, &token).unwrap();
        assert_eq!(verified, Verified { claims: r#"{"a":1}"#.to_owned(), key: ours.id().clone() });
        assert_eq!(known.verify(Purpose::Checkpoint, &token), Err(SignatureError::Signature));
        assert_eq!(keys(&[&other]).verify(Purpose::Grant, &token), Err(SignatureError::UnknownKey));
        // The other key's signature under our key's name.
        let body = other.sign(Purpose::Grant, r#"{"a":1}"#).unwrap();
        let forged =
            [body.rsplit_once('.').unwrap().0, token.rsplit_once('.').unwrap().1].join(".");
        assert_eq!(known.verify(Purpose::Grant, &forged), Err(SignatureError::Signature));
    }

    #[test]
    fn what_is_no_token_is_malformed() {
        let known = keys(&[&key(1)]);
        for text in ["", "v4.public.", "v4.local.AAAA", "v2.public.AAAA", "a.b.c.d", "\u{1f512}"] {
            assert_eq!(
                known.verify(Purpose::Grant, text),
                Err(SignatureError::Malformed),
                "{text}"
            );
        }
    }

    #[test]
    fn every_character_of_a_token_counts() {
        let ours = key(1);
        let known = keys(&[&ours]);
        let token = ours.sign(Purpose::Grant, r#"{"sha":"x"}"#).unwrap();
        for at in 0..token.len() {
            for with in ["A", "_", "9", ".", "=", ""] {
                let mut changed = token.clone();
                changed.replace_range(at..=at, with);
                if changed != token {
                    assert!(known.verify(Purpose::Grant, &changed).is_err(), "{at} {with}");
                }
            }
        }
    }

    #[test]
    fn keys_read_back_what_they_print_and_debug_hides_the_secret() {
        let ours = key(7);
        let text = ours.to_paserk().unwrap();
        assert_eq!(SigningKey::from_paserk(&text).unwrap().id(), ours.id());
        let public = ours.verifying_key();
        assert_eq!(VerifyingKey::from_paserk(&public.to_paserk()).unwrap().id(), public.id());
        assert_eq!(&ours.id().to_string().parse::<SigningKeyId>().unwrap(), ours.id());
        assert!(!format!("{ours:?}").contains(text.get(10..).unwrap()));
    }
}
