//! Keeping files that people send where the agent can read them.

use async_trait::async_trait;
use bytes::Bytes;
use countersign_domain::time::Timestamp;

/// Keeps files in the agent's workspace. Folders and names are single names, made safe by whoever
/// calls; no link that lies in the workspace leads anything elsewhere.
#[async_trait]
pub trait FileShelf: Send + Sync + 'static {
    /// The path of a file that is there whole, as the agent names it.
    async fn find(&self, folder: &str, name: &str) -> Option<String>;

    /// Keeps `content` whole or not at all, and says under which path the agent finds it.
    async fn keep(&self, folder: &str, name: &str, content: Bytes) -> Result<String, String>;

    /// What all folders take up whose names begin with `prefix`, in bytes. However small a file is, it
    /// takes up a few thousand.
    async fn taken_up(&self, prefix: &str) -> Result<u64, String>;

    /// Removes the folders that nothing was put into since `before`, and says how many.
    async fn sweep(&self, before: Timestamp) -> Result<u64, String>;
}
