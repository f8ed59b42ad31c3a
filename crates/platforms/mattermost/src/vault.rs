//! Notes that nobody else can read: the tokens of slash commands lie sealed in the store.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};

use crate::seal::mac;

/// What the notes of one account are sealed with.
pub(crate) struct Vault(Option<LessSafeKey>);

impl Vault {
    /// The vault of `account`, from the secret of the house.
    pub(crate) fn new(secret: &[u8; 32], account: &str) -> Self {
        let parts = ["countersign mattermost notes 1".to_owned(), account.to_owned()];
        let key = UnboundKey::new(&AES_256_GCM, &mac(secret, &parts)).ok();
        Self(key.map(LessSafeKey::new))
    }

    /// `text`, sealed under a nonce made of these random bytes, which are used once.
    pub(crate) fn seal(&self, text: &str, random: [u8; 32]) -> Option<String> {
        let mut nonce = [0; NONCE_LEN];
        for (to, from) in nonce.iter_mut().zip(random) {
            *to = from;
        }
        let mut bytes = text.as_bytes().to_vec();
        let sealing = Nonce::assume_unique_for_key(nonce);
        self.0.as_ref()?.seal_in_place_append_tag(sealing, Aad::empty(), &mut bytes).ok()?;
        Some(STANDARD.encode([nonce.as_slice(), &bytes].concat()))
    }

    /// The text that was sealed; `None` if it was not sealed here.
    pub(crate) fn open(&self, sealed: &str) -> Option<String> {
        let bytes = STANDARD.decode(sealed).ok()?;
        let (nonce, body) = bytes.split_at_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut body = body.to_vec();
        let open = self.0.as_ref()?.open_in_place(nonce, Aad::empty(), &mut body).ok()?;
        String::from_utf8(open.to_vec()).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_account_of_the_same_house_reads_it() {
        let vault = Vault::new(&[7; 32], "main");
        let sealed = vault.seal("tokens", [1; 32]).unwrap();
        assert!(!sealed.contains("tokens"));
        assert_eq!(vault.open(&sealed).as_deref(), Some("tokens"));
        assert_eq!(Vault::new(&[7; 32], "other").open(&sealed), None);
        assert_eq!(Vault::new(&[8; 32], "main").open(&sealed), None);
        let other = sealed.replacen('A', "B", 1);
        for broken in ["", "AAAA", "?", sealed.trim_end_matches('='), &other] {
            assert_eq!(vault.open(broken), None, "{broken}");
        }
    }
}
