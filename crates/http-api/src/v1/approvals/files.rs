//! The files that an action is bound to, in JSON.

use countersign_domain::approvals::Edit;
use countersign_domain::digest::Digest;
use countersign_domain::files::BoundFile;
use countersign_gateway::FilePreview;
use serde::Serialize;
use utoipa::ToSchema;

/// A file that the action runs or reads, bound by its content: nothing starts if it is another by
/// then.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BoundFile)]
pub(crate) struct FileBody {
    /// Absolute path with every symbolic link resolved.
    #[schema(example = "/home/me/site/deploy.sh")]
    path: String,
    /// The path by which the action reaches it, if that is another.
    #[serde(skip_serializing_if = "Option::is_none")]
    named: Option<String>,
    /// Bytes.
    size: u64,
    /// Digest of its content; `null` if there is no such file, and there must be none at the start.
    #[schema(value_type = Option<String>, pattern = "^sha256:[0-9a-f]{64}$")]
    sha256: Option<Digest>,
    /// Whether its content is run, and not only read.
    runs: bool,
    /// What it says, for scripts of a pending approval that is read by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    preview: Option<PreviewBody>,
}

/// What a script says.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FilePreview)]
pub(crate) struct PreviewBody {
    /// Whether it is still what the approval is about.
    as_shown: bool,
    /// The first 16 KiB with secrets masked; `null` for what is no text, is protected, or has
    /// changed.
    text: Option<String>,
    /// Whether there is more.
    truncated: bool,
}

/// A change of content.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ContentEdit)]
pub(crate) struct ContentEditBody {
    /// Digest before.
    #[schema(value_type = String, pattern = "^sha256:[0-9a-f]{64}$")]
    from: Digest,
    /// Digest after.
    #[schema(value_type = String, pattern = "^sha256:[0-9a-f]{64}$")]
    to: Digest,
}

impl From<Edit> for ContentEditBody {
    fn from(Edit { from, to }: Edit) -> Self {
        Self { from, to }
    }
}

impl From<FilePreview> for PreviewBody {
    fn from(FilePreview { as_shown, text, truncated, .. }: FilePreview) -> Self {
        Self { as_shown, text, truncated }
    }
}

/// The files with what is known of their content.
pub(super) fn files(bound: Vec<BoundFile>, mut previews: Vec<FilePreview>) -> Vec<FileBody> {
    let each = bound.into_iter().map(|BoundFile { path, named, size, sha256, runs }| {
        let at = previews.iter().position(|preview| preview.path == path);
        let preview = at.map(|at| previews.swap_remove(at).into());
        FileBody { path, named, size, sha256, runs, preview }
    });
    each.collect()
}
