//! The content of scripts that an approval is about, for the person who decides.

use countersign_domain::approvals::Approval;
use countersign_domain::display::inert;
use countersign_domain::files::BoundFile;
use countersign_ports::file_witness::{Found, Room};
use serde::Serialize;

use crate::gateway::Gateway;

/// How much of each script is shown, in bytes.
const SHOWN: usize = 16 * 1024;
/// The most that is read for that.
const READ: u64 = 32 * 1024 * 1024;

/// What a script that an approval is about says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FilePreview {
    /// Its path, as in the card.
    pub path: String,
    /// Whether it is still what the approval is about; nothing starts if not.
    pub as_shown: bool,
    /// The beginning of its content with secrets masked, if it is a text that may be shown and is
    /// still the same.
    pub text: Option<String>,
    /// Whether there is more of it than is shown.
    pub truncated: bool,
}

impl Gateway {
    /// What the scripts of a pending approval say.
    pub(crate) async fn previews(&self, approval: &Approval) -> Vec<FilePreview> {
        let run = approval.action.files().iter().filter(|file| file.runs && file.sha256.is_some());
        let files: Vec<&BoundFile> = run.collect();
        if files.is_empty() {
            return Vec::new();
        }
        let paths = files.iter().map(|file| file.named().to_owned()).collect();
        let room = Room { files: files.len(), bytes: READ, text: SHOWN };
        let found = self.witness.look(paths, room).await;
        let each = files.into_iter().zip(found).map(|(file, found)| self.preview_file(file, found));
        each.collect()
    }

    fn preview_file(&self, file: &BoundFile, found: Found) -> FilePreview {
        let path = self.redactor.redact(&file.path).into_owned();
        let seen = match found {
            Found::File(seen) if seen.path == file.path && Some(seen.sha256) == file.sha256 => seen,
            Found::File(_) | Found::Absent | Found::Directory | Found::Unbindable(_) => {
                return FilePreview { path, as_shown: false, text: None, truncated: false };
            }
        };
        let shown = !self.guard.protects(&seen.path) && !seen.text.contains('\0');
        let truncated = shown && seen.size > u64::try_from(SHOWN).unwrap_or(u64::MAX);
        let text = shown.then(|| inert(&self.redactor.redact(&seen.text)));
        FilePreview { path, as_shown: true, text, truncated }
    }
}
