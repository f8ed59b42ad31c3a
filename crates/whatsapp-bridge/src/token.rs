//! What the gateway proves itself with.

use std::fmt;
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use subtle::ConstantTimeEq as _;

use crate::hex::hex;

/// Nobody but the owner may look into the file.
const OTHERS: u32 = 0o077;

/// The shortest token that is taken.
const SHORTEST: usize = 16;

/// A bearer token. It is never shown.
#[derive(Clone)]
pub struct Token(String);

/// Why there is no token.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// Others may read the file.
    #[error("the token can be read by others: give its file the mode 600")]
    Open,
    /// What is in the file is no token.
    #[error("the file has no token of at least {SHORTEST} characters")]
    Short,
    /// There is no randomness.
    #[error("no token can be made: {0}")]
    Entropy(getrandom::Error),
    /// The file cannot be used.
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl Token {
    /// The token in the file at `path`. Where there is none, one is made, and the file with it, for
    /// its owner's eyes alone.
    pub fn at(path: &Path) -> Result<Self, TokenError> {
        match fs::read_to_string(path) {
            Ok(text) => {
                if fs::metadata(path)?.permissions().mode() & OTHERS != 0 {
                    return Err(TokenError::Open);
                }
                Self::new(text.trim())
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Self::make(path),
            Err(error) => Err(error.into()),
        }
    }

    /// A token that is known.
    pub fn new(text: &str) -> Result<Self, TokenError> {
        if text.len() < SHORTEST || !text.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(TokenError::Short);
        }
        Ok(Self(text.to_owned()))
    }

    fn make(path: &Path) -> Result<Self, TokenError> {
        let mut bytes = [0_u8; 32];
        getrandom::fill(&mut bytes).map_err(TokenError::Entropy)?;
        let text = format!("cs_bridge_{}", hex(&bytes));
        // Of two that start at once, one finds the file.
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        Ok(Self(text))
    }

    /// Whether `given` is it, without telling by the time it takes how much of it is.
    pub(crate) fn is(&self, given: &str) -> bool {
        self.0.as_bytes().ct_eq(given.as_bytes()).into()
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_start_makes_a_token_and_later_ones_take_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        let made = Token::at(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let text = fs::read_to_string(&path).unwrap();
        assert!(made.is(&text) && Token::at(&path).unwrap().is(&text));
        assert!(!made.is("") && !made.is(text.get(1..).unwrap()) && !made.is(&format!("{text} ")));
        assert!(!format!("{made:?}").contains(&text));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(matches!(Token::at(&path), Err(TokenError::Open)));
        fs::write(&path, "short").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        assert!(matches!(Token::at(&path), Err(TokenError::Short)));
    }
}
