//! The file of the gateway's signing keys.

use std::path::PathBuf;

use countersign_domain::ids::GatewayId;
use countersign_domain::signing::{InvalidRing, KeyRing, SigningKey};
use countersign_domain::time::Timestamp;
use countersign_gateway::KeyHolder;
use countersign_ports::entropy::Entropy;

use super::{Home, write_private};

/// Why there are no signing keys.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SigningKeysError {
    /// The file cannot be read or written.
    #[error("`{0}`: {1}")]
    Io(PathBuf, #[source] std::io::Error),
    /// The file holds something else.
    #[error(
        "`{path}`: {problem}\nRestore it from a backup. Or move it away: the next start makes new \
         keys, and what the old ones have signed can then be verified only with a copy of their \
         public keys."
    )]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: InvalidRing,
    },
    /// No key could be made.
    #[error("no signing key follows from the system's random numbers")]
    NoKey,
}

/// The keys of a home, made if it has none.
pub(crate) fn open(
    home: &Home,
    entropy: &dyn Entropy,
    now: Timestamp,
) -> Result<KeyHolder, SigningKeysError> {
    let path = home.signing_keys();
    let ring = match std::fs::read_to_string(&path) {
        Ok(text) => KeyRing::from_document(&text)
            .map_err(|problem| SigningKeysError::Unreadable { path: path.clone(), problem })?,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let ring = fresh(entropy, now)?;
            save(&path, &ring).map_err(|error| SigningKeysError::Io(path.clone(), error))?;
            ring
        }
        Err(error) => return Err(SigningKeysError::Io(path, error)),
    };
    Ok(KeyHolder::new(ring, move |ring| save(&path, ring).map_err(|error| error.to_string())))
}

/// New keys, of a gateway that did not exist before.
pub(crate) fn fresh(entropy: &dyn Entropy, now: Timestamp) -> Result<KeyRing, SigningKeysError> {
    let drawn = (0..8).find_map(|_| SigningKey::from_seed(entropy.secret()));
    let key = drawn.ok_or(SigningKeysError::NoKey)?;
    Ok(KeyRing::new(GatewayId::from_uuid(entropy.uuid()), key, now))
}

fn save(path: &std::path::Path, ring: &KeyRing) -> std::io::Result<()> {
    let text = ring.to_document().ok_or_else(|| std::io::Error::other("the key has no text"))?;
    write_private(path, &text)
}

#[cfg(test)]
mod tests {
    use countersign_ports::signer::Signer as _;

    use super::*;
    use crate::entropy::SystemEntropy;

    #[test]
    fn keys_are_made_once_kept_private_and_survive_a_rotation() {
        use std::os::unix::fs::PermissionsExt as _;
        let directory = tempfile::tempdir().unwrap();
        let (home, _) = Home::prepare(&directory.path().join("home")).unwrap();
        let entropy = SystemEntropy::new().unwrap();
        let now = Timestamp::from_millis(1);
        let first = open(&home, &entropy, now).unwrap();
        let mode = std::fs::metadata(home.signing_keys()).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let again = open(&home, &entropy, now).unwrap();
        assert_eq!(first.gateway(), again.gateway());
        assert_eq!(first.published()[0].kid, again.published()[0].kid);
        let key = SigningKey::from_seed([3; 32]).unwrap();
        let id = again.rotate(key, Timestamp::from_millis(2)).unwrap();
        let later = open(&home, &entropy, now).unwrap();
        assert_eq!(later.published().len(), 2);
        assert_eq!(later.published()[0].kid, id);
    }

    #[test]
    fn a_damaged_file_is_told_and_left_alone() {
        let directory = tempfile::tempdir().unwrap();
        let (home, _) = Home::prepare(&directory.path().join("home")).unwrap();
        std::fs::write(home.signing_keys(), "{").unwrap();
        let error = open(&home, &SystemEntropy::new().unwrap(), Timestamp::from_millis(1));
        assert!(error.err().unwrap().to_string().contains("Restore it from a backup"));
        assert_eq!(std::fs::read_to_string(home.signing_keys()).unwrap(), "{");
    }
}
