//! What the server signs and encrypts: `trigger_id`, and cookies of buttons that it does not store.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::rand::{SecureRandom as _, SystemRandom};
use ring::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _,
    UnparsedPublicKey,
};

use crate::mattermost::model::ids;
use crate::mattermost::refusal::Refusal;

/// What comes before the point in the DER form of a public key on P-256.
const P256_PREFIX: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a,
    0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];

/// The keys of the server.
#[derive(Debug)]
pub(crate) struct Keys {
    signing: EcdsaKeyPair,
    /// Not used to sign: what a configuration with another key shows.
    another: EcdsaKeyPair,
    cookies: LessSafeKey,
    random: SystemRandom,
}

/// A `trigger_id` and the name that the client gets for it.
#[derive(Debug, Clone)]
pub(crate) struct Trigger {
    pub(crate) client_id: String,
    pub(crate) signed: String,
}

impl Keys {
    pub(crate) fn generate() -> Self {
        let random = SystemRandom::new();
        let mut secret = [0_u8; 32];
        random.fill(&mut secret).expect("the system has randomness");
        let cookies = UnboundKey::new(&AES_256_GCM, &secret).expect("the key is long enough");
        Self {
            signing: key_pair(&random),
            another: key_pair(&random),
            cookies: LessSafeKey::new(cookies),
            random,
        }
    }

    /// The public key of what it signs, as the configuration shows it.
    pub(crate) fn public_key(&self) -> String {
        spki(&self.signing)
    }

    /// The public key of somebody else.
    pub(crate) fn another_public_key(&self) -> String {
        spki(&self.another)
    }

    /// Says that this user acted at this time.
    pub(crate) fn trigger(&self, user: &str, millis: i64) -> Trigger {
        let client_id = ids::fresh();
        let said = format!("{client_id}:{user}:{millis}:");
        let signature = self
            .signing
            .sign(&self.random, said.as_bytes())
            .expect("signing needs randomness alone");
        let signed = STANDARD.encode(format!("{said}{}", STANDARD.encode(signature)));
        Trigger { client_id, signed }
    }

    /// Who acted, and the name that their client knows it by, if that is not too long ago.
    pub(crate) fn verify_trigger(
        &self,
        trigger: &str,
        now: i64,
        life: i64,
    ) -> Result<(String, String), Refusal> {
        let refuse = |id| Refusal::new(400, id, "The trigger_id is not valid.");
        let text = STANDARD
            .decode(trigger)
            .ok()
            .and_then(|bytes| String::from_utf8(bytes).ok())
            .ok_or_else(|| refuse("interactive_message.decode_trigger_id.base64_decode_failed"))?;
        let parts: Vec<&str> = text.split(':').collect();
        let [client_id, user, millis, signature] = parts.as_slice() else {
            return Err(refuse("interactive_message.decode_trigger_id.missing_data"));
        };
        if now - millis.parse::<i64>().unwrap_or(0) > life {
            return Err(refuse("interactive_message.decode_trigger_id.expired"));
        }
        let signature = STANDARD.decode(signature).map_err(|_| {
            refuse("interactive_message.decode_trigger_id.base64_decode_failed_signature")
        })?;
        let key =
            UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, self.signing.public_key().as_ref());
        key.verify(format!("{client_id}:{user}:{millis}:").as_bytes(), &signature)
            .map_err(|_| refuse("interactive_message.decode_trigger_id.verify_signature_failed"))?;
        Ok(((*client_id).to_owned(), (*user).to_owned()))
    }

    /// Puts a text into a cookie.
    pub(crate) fn seal(&self, text: &str) -> String {
        let mut nonce = [0_u8; NONCE_LEN];
        self.random.fill(&mut nonce).expect("the system has randomness");
        let mut sealed = text.as_bytes().to_vec();
        self.cookies
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::empty(),
                &mut sealed,
            )
            .expect("a short text");
        STANDARD.encode([nonce.to_vec(), sealed].concat())
    }

    /// Takes a text out of a cookie.
    pub(crate) fn unseal(&self, cookie: &str) -> Option<String> {
        let bytes = STANDARD.decode(cookie).ok()?;
        let (nonce, sealed) = bytes.split_at_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut sealed = sealed.to_vec();
        let text = self.cookies.open_in_place(nonce, Aad::empty(), &mut sealed).ok()?;
        String::from_utf8(text.to_vec()).ok()
    }
}

fn key_pair(random: &SystemRandom) -> EcdsaKeyPair {
    let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, random)
        .expect("the system has randomness");
    EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, document.as_ref(), random)
        .expect("a document that was just made")
}

fn spki(pair: &EcdsaKeyPair) -> String {
    STANDARD.encode([&P256_PREFIX, pair.public_key().as_ref()].concat())
}
