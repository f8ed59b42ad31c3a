//! Looking at the files that actions name.

use async_trait::async_trait;
use countersign_domain::digest::Digest;

/// Looks at files, so that actions can be bound to what they hold. Changes nothing.
#[async_trait]
pub trait FileWitness: Send + Sync + 'static {
    /// What each of `paths` holds now, in their order. Links are followed; the file that is looked
    /// at is the one that was opened. Nothing is read beyond `room`.
    async fn look(&self, paths: Vec<String>, room: Room) -> Vec<Found>;

    /// What can be told of each of `paths` without reading it, in their order: good for showing
    /// something again, never for letting something run. `None` if it says nothing about content.
    async fn glance(&self, paths: Vec<String>) -> Vec<Option<Glance>> {
        vec![None; paths.len()]
    }
}

/// What a regular file is like from outside. While it is the same, so is its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Glance {
    /// Absolute path with every symbolic link resolved.
    pub path: String,
    /// The device and the number of the file on it.
    pub inode: (u64, u64),
    /// Bytes of content.
    pub size: u64,
    /// When its content was last changed, in seconds and nanoseconds.
    pub modified: (i64, i64),
    /// When anything about it was last changed, which no program can set.
    pub changed: (i64, i64),
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
