//! What both stores remember of how their tables came to be: each step with the hash of its text.
//! A step that was applied is never edited, so a hash that differs is that of another program.

use countersign_domain::digest::Digest;
use countersign_ports::store::{Fault, StoreError};

/// One step from a schema version to the next.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Written {
    /// The version that it leads to.
    pub(crate) version: i64,
    /// Its text.
    pub(crate) sql: &'static str,
}

impl Written {
    /// The hash of its text.
    pub(crate) fn hash(self) -> String {
        Digest::of(self.sql.as_bytes()).to_string()
    }
}

/// The steps with these texts, oldest first.
pub(crate) fn steps(texts: &[&'static str]) -> Vec<Written> {
    (1..).zip(texts).map(|(version, sql)| Written { version, sql }).collect()
}

/// Fails unless every step that was `applied` (version and hash) is one of `known`.
pub(crate) fn refuse_another(
    known: &[Written],
    applied: &[(i64, String)],
    place: &str,
) -> Result<(), StoreError> {
    let newest = known.last().map_or(0, |step| step.version);
    for (version, hash) in applied {
        let Some(step) = known.iter().find(|step| step.version == *version) else {
            return Err(too_new(place, *version, newest));
        };
        if step.hash() != *hash {
            return Err(StoreError::Broken {
                fault: Fault::Altered,
                message: format!(
                    "{place} was brought to schema version {version} by another text than this \
                     program has; start the version of the program that made it, or restore a \
                     back-up"
                ),
            });
        }
    }
    Ok(())
}

/// The refusal of a schema that this program does not know.
pub(crate) fn too_new(place: &str, version: i64, newest: i64) -> StoreError {
    StoreError::Broken {
        fault: Fault::TooNew,
        message: format!(
            "{place} has schema version {version}, and this program knows {newest}: start a newer \
             version of the program"
        ),
    }
}
