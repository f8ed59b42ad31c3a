//! Proof that a request is Meta's: the signature over the bytes as they came.

use countersign_ports::secret::Secret;
use ring::hmac;

/// The header that has it.
pub(super) const HEADER: &str = "x-hub-signature-256";

/// Whether `given` is the signature of `body` under the app's secret, in a time that does not tell
/// how much of it is right.
pub(super) fn is_good(secret: &Secret, body: &[u8], given: Option<&str>) -> bool {
    let given = given.and_then(|text| text.strip_prefix("sha256=")).and_then(unhex);
    let Some(given) = given else { return false };
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.expose().as_bytes());
    hmac::verify(&key, body, &given).is_ok()
}

/// Whether `given` is this secret, in a time that does not tell how much of it is right.
pub(super) fn is_same(secret: &Secret, given: &str) -> bool {
    let key = hmac::Key::new(hmac::HMAC_SHA256, b"countersign whatsapp verify token");
    let wanted = hmac::sign(&key, secret.expose().as_bytes());
    hmac::verify(&key, given.as_bytes(), wanted.as_ref()).is_ok()
}

fn unhex(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    if text.len() != 64 {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        let mut digits = pair.iter().map(|digit| match digit {
            b'0'..=b'9' => Some(digit - b'0'),
            b'a'..=b'f' => Some(digit - b'a' + 10),
            _ => None,
        });
        *byte = digits.next()?? << 4 | digits.next()??;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn secret() -> Secret {
        Secret::new("Jefe")
    }

    /// The second test case of RFC 4231.
    const BODY: &[u8] = b"what do ya want for nothing?";
    const SIGNED: &str = "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";

    #[test]
    fn only_the_bytes_themselves_have_the_signature() {
        assert!(is_good(&secret(), BODY, Some(SIGNED)));
        assert!(!is_good(&secret(), b"what do ya want for nothing", Some(SIGNED)));
        assert!(!is_good(&Secret::new("other"), BODY, Some(SIGNED)));
        let bare = SIGNED.trim_start_matches("sha256=");
        let upper = SIGNED.to_uppercase();
        let longer = format!("{SIGNED}00");
        for given in ["", "sha256=", "sha1=00", bare, &upper, &longer, "sha256=ü"] {
            assert!(!is_good(&secret(), BODY, Some(given)), "{given}");
        }
        assert!(!is_good(&secret(), BODY, None));
    }

    #[test]
    fn a_word_is_itself_alone() {
        assert!(is_same(&secret(), "Jefe"));
        for other in ["", "jefe", "Jef", "Jefe "] {
            assert!(!is_same(&secret(), other), "{other}");
        }
    }

    proptest! {
        #[test]
        fn no_other_signature_is_good(text in "sha256=[0-9a-f]{64}", at in 7..71_usize) {
            prop_assert!(text == SIGNED || !is_good(&secret(), BODY, Some(&text)));
            let mut changed = SIGNED.as_bytes().to_vec();
            if let Some(digit) = changed.get_mut(at) {
                *digit = if *digit == b'0' { b'1' } else { b'0' };
            }
            let changed = String::from_utf8(changed).unwrap();
            prop_assert!(!is_good(&secret(), BODY, Some(&changed)));
        }
    }
}
