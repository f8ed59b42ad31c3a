//! The server's own signature under every click and command: who it was, and when.
//!
//! A trigger id is the Base64 of `clientTriggerId:userId:millis:signature`, and the signature,
//! Base64 again, is ECDSA with P-256 and SHA-256 over the text before it. The key is published.
//!
//! Pure: the key, the user and the time are given.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign_domain::time::Timestamp;
use ring::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};

/// A signature is good for so long, and so far do clocks differ.
pub(crate) const GOOD_FOR: Duration = Duration::from_mins(5);

/// What comes before the point of a P-256 key in DER (RFC 5480).
const HEAD: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a,
    0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];

/// The longest trigger id that is looked at.
const LONGEST: usize = 1024;

/// The public key of a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ServerKey(Vec<u8>);

/// Why a trigger id proves nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NoProof {
    /// There is none, or it is made otherwise.
    #[error("the click carries no signature of the server")]
    Malformed,
    /// Another key has signed it.
    #[error("the server's signature is wrong")]
    Forged,
    /// It is somebody else's.
    #[error("the server's signature is for another user")]
    OtherUser,
    /// It is too old, or from the future.
    #[error("the server's signature is not of now; do the clocks of both machines agree?")]
    OtherTime,
}

impl ServerKey {
    /// The key as the server publishes it: the Base64 of a DER `SubjectPublicKeyInfo`.
    pub(crate) fn from_published(text: &str) -> Option<Self> {
        let der = STANDARD.decode(text.trim()).ok()?;
        let point = der.strip_prefix(HEAD.as_slice())?;
        (point.len() == 65 && point.first() == Some(&4)).then(|| Self(point.to_vec()))
    }

    /// Nothing, if `trigger` proves that `user` has done something about `now`.
    pub(crate) fn verify(&self, trigger: &str, user: &str, now: Timestamp) -> Result<(), NoProof> {
        let text = (trigger.len() <= LONGEST).then(|| STANDARD.decode(trigger).ok()).flatten();
        let text =
            text.and_then(|bytes| String::from_utf8(bytes).ok()).ok_or(NoProof::Malformed)?;
        let mut parts = text.split(':');
        let (Some(id), Some(signed_user), Some(millis), Some(signature), None) =
            (parts.next(), parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(NoProof::Malformed);
        };
        let at: i64 = millis.parse().map_err(|_| NoProof::Malformed)?;
        let signature = STANDARD.decode(signature).map_err(|_| NoProof::Malformed)?;
        let signed = format!("{id}:{signed_user}:{millis}:");
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, &self.0)
            .verify(signed.as_bytes(), &signature)
            .map_err(|_| NoProof::Forged)?;
        if signed_user != user {
            return Err(NoProof::OtherUser);
        }
        let at = Timestamp::from_millis(at);
        if now.since(at) > GOOD_FOR || at.since(now) > GOOD_FOR {
            return Err(NoProof::OtherTime);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use ring::rand::SystemRandom;
    use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};

    use super::*;

    const NOW: i64 = 1_795_000_000_000;

    struct Signer(EcdsaKeyPair);

    impl Signer {
        fn new() -> Self {
            let (how, random) = (&ECDSA_P256_SHA256_ASN1_SIGNING, SystemRandom::new());
            let key = EcdsaKeyPair::generate_pkcs8(how, &random).unwrap();
            Self(EcdsaKeyPair::from_pkcs8(how, key.as_ref(), &random).unwrap())
        }

        fn key(&self) -> ServerKey {
            let der = [HEAD.as_slice(), self.0.public_key().as_ref()].concat();
            ServerKey::from_published(&STANDARD.encode(der)).unwrap()
        }

        fn trigger(&self, user: &str, millis: i64) -> String {
            let text = format!("client1:{user}:{millis}:");
            let signature = self.0.sign(&SystemRandom::new(), text.as_bytes()).unwrap();
            STANDARD.encode(format!("{text}{}", STANDARD.encode(signature)))
        }
    }

    fn verify(key: &ServerKey, trigger: &str, user: &str) -> Result<(), NoProof> {
        key.verify(trigger, user, Timestamp::from_millis(NOW))
    }

    #[test]
    fn what_the_server_signed_proves_who_clicked_and_when() {
        let signer = Signer::new();
        let key = signer.key();
        assert_eq!(verify(&key, &signer.trigger("ann", NOW), "ann"), Ok(()));
        assert_eq!(verify(&key, &signer.trigger("ann", NOW), "bob"), Err(NoProof::OtherUser));
        assert_eq!(verify(&key, &Signer::new().trigger("ann", NOW), "ann"), Err(NoProof::Forged));
        for (skew, result) in [
            (-300_000, Ok(())),
            (300_000, Ok(())),
            (-300_001, Err(NoProof::OtherTime)),
            (300_001, Err(NoProof::OtherTime)),
            (i64::MIN / 2, Err(NoProof::OtherTime)),
        ] {
            assert_eq!(verify(&key, &signer.trigger("ann", NOW + skew), "ann"), result, "{skew}");
        }
    }

    #[test]
    fn whoever_changes_what_was_signed_breaks_it() {
        let signer = Signer::new();
        let trigger = signer.trigger("ann", NOW);
        let text = String::from_utf8(STANDARD.decode(&trigger).unwrap()).unwrap();
        for (from, to) in [("client1", "client2"), (":ann:", ":bob:"), ("1795", "1796")] {
            let forged = STANDARD.encode(text.replace(from, to));
            let user = if to == ":bob:" { "bob" } else { "ann" };
            assert_eq!(verify(&signer.key(), &forged, user), Err(NoProof::Forged), "{to}");
        }
        for text in ["", "a", "a:b:c", "a:ann:x:AAAA", "a:ann:1:AAAA:b", "a:ann:1:*"] {
            let trigger = STANDARD.encode(text);
            assert_eq!(verify(&signer.key(), &trigger, "ann"), Err(NoProof::Malformed), "{text}");
        }
    }

    #[test]
    fn only_a_key_on_p_256_is_one() {
        for text in ["", "AAAA", "not base64!"] {
            assert_eq!(ServerKey::from_published(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_verifies(trigger in "\\PC{0,200}") {
            prop_assert!(verify(&Signer::new().key(), &trigger, "ann").is_err());
        }
    }
}
