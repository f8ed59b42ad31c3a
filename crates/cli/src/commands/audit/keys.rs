//! The public keys that checkpoints are checked with.

use std::path::{Path, PathBuf};

use countersign_domain::signing::{KeyRing, VerifyingKey, VerifyingKeys};
use serde_json::Value;

use super::{home, read};
use crate::commands::Global;
use crate::failure::Failure;

/// The keys in `file`, else those of the home.
pub(super) fn keys(file: Option<&PathBuf>, global: &Global) -> Result<VerifyingKeys, Failure> {
    if let Some(file) = file {
        let text = read(file)?;
        return public(&text).ok_or_else(|| no_keys(file));
    }
    let file = home(global)?.signing_keys();
    let text = std::fs::read_to_string(&file).map_err(|error| {
        Failure::Usage(format!(
            "`{}`: {error}\nGive the public keys with --key FILE; a gateway publishes them at \
             /.well-known/countersign-keys.json",
            file.display()
        ))
    })?;
    let ring = KeyRing::from_document(&text);
    let ring = ring.map_err(|error| Failure::Usage(format!("`{}`: {error}", file.display())))?;
    Ok(ring.verifying())
}

/// Public keys as a gateway publishes them, or one a line.
fn public(text: &str) -> Option<VerifyingKeys> {
    let published = |text: &str| {
        let document: Value = serde_json::from_str(text).ok()?;
        let keys = document.get("keys")?.as_array()?;
        let words: Option<Vec<_>> =
            keys.iter().map(|key| Some(key.get("paserk")?.as_str()?.to_owned())).collect();
        words
    };
    let words =
        published(text).unwrap_or_else(|| text.split_whitespace().map(str::to_owned).collect());
    let keys: Result<Vec<_>, _> = words.iter().map(|key| VerifyingKey::from_paserk(key)).collect();
    keys.ok().filter(|keys| !keys.is_empty()).map(VerifyingKeys::from_iter)
}

fn no_keys(file: &Path) -> Failure {
    Failure::Usage(format!(
        "`{}` holds no public keys: give what a gateway publishes at \
         /.well-known/countersign-keys.json, or `k4.public.…`, one a line",
        file.display()
    ))
}
