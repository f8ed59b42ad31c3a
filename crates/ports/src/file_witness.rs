//! Looking at the files that actions name.

use async_trait::async_trait;
use countersign_domain::digest::Digest;

/// Looks at files, so that actions can be bound to what they hold. Changes nothing.
#[async_trait]
pub trait FileWitness: Send + Sync + 'static {
    /// What each of `paths` holds now, in their order. Links are followed; the file that is looked
    /// at is the one that was opened. Nothing is read beyond `room`.
    async fn look(&self, paths: Vec<String>, room: Room) -> Vec<Found>;
}

/// How much is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// Files.
    pub files: usize,
    /// Bytes of content, all files together.
    pub bytes: u64,
    /// Bytes of the beginning of each file that are kept as its text.
    pub text: usize,
}

/// What there is at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// A regular file.
    File(Seen),
    /// Nothing.
    Absent,
    /// A directory.
    Directory,
    /// Something that cannot be bound, and why.
    Unbindable(String),
}

/// A regular file as it was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Absolute path with every symbolic link resolved.
    pub path: String,
    /// Bytes of content.
    pub size: u64,
    /// Digest of the content.
    pub sha256: Digest,
    /// The beginning of the content; what is no UTF-8 is replaced.
    pub text: String,
}
