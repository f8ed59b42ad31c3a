//! Files that an action names, bound by their content: what was shown is what runs.

use serde::{Deserialize, Serialize};

use crate::digest::Digest;

/// A file as it was when its action was looked at. Whoever carries the action out looks again and
/// does nothing if it is another by then.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BoundFile {
    /// Absolute path with every symbolic link resolved.
    pub path: String,
    /// The absolute path by which the action reaches it, if that is another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub named: Option<String>,
    /// Bytes of content.
    pub size: u64,
    /// Digest of the content; `None` if there was no such file, and there must still be none.
    pub sha256: Option<Digest>,
    /// Whether its content is run, and not only read.
    pub runs: bool,
}

impl BoundFile {
    /// The path by which the action reaches it.
    pub fn named(&self) -> &str {
        self.named.as_deref().unwrap_or(&self.path)
    }

    /// Whether it is the same place with the same content.
    pub fn is_as(&self, other: &Self) -> bool {
        self.path == other.path && self.size == other.size && self.sha256 == other.sha256
    }
}
