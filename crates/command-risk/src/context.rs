//! Where a command would run: plain strings, never looked up on a disk.

/// The circumstances of a command, as the caller knows them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Context {
    /// The working directory, absolute.
    pub cwd: String,
    /// The home directory of the user, absolute.
    pub home: String,
    /// The root of the checkout or workspace, if it is wider than the working directory.
    pub workspace: Option<String>,
    /// The name of the user.
    pub user: String,
}

impl Context {
    /// The directory that counts as the agent's own: the workspace, else the working directory.
    pub fn root(&self) -> &str {
        self.workspace.as_deref().unwrap_or(&self.cwd)
    }
}
