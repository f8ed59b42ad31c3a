//! The content of scripts that an approval is about, for the person who decides.

use std::collections::VecDeque;

use countersign_domain::approvals::Approval;
use countersign_domain::display::inert;
use countersign_domain::files::BoundFile;
use countersign_ports::file_witness::{FileWitness, Found, Glance, Room};
use serde::Serialize;
use tokio::sync::Mutex;

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

/// So many files are remembered.
const REMEMBERED: usize = 64;

/// What files held when they were last shown. People and pages read a pending approval often; a file
/// is read again when it is not as it was.
#[derive(Default)]
pub(crate) struct Previewed(Mutex<VecDeque<(Glance, Found)>>);

impl Previewed {
    /// What each of `paths` holds. Of many who ask at the same time, one has the files read.
    async fn look(&self, witness: &dyn FileWitness, paths: Vec<String>) -> Vec<Found> {
        let mut held = self.0.lock().await;
        let glances = witness.glance(paths.clone()).await;
        let known = |glance: &Option<Glance>| {
            let glance = glance.as_ref()?;
            held.iter().find(|(one, _)| one == glance).map(|(_, found)| found.clone())
        };
        let known: Vec<Option<Found>> = glances.iter().map(known).collect();
        let unknown = paths.into_iter().zip(&known).filter(|(_, known)| known.is_none());
        let unknown: Vec<String> = unknown.map(|(path, _)| path).collect();
        let room = Room { files: unknown.len(), bytes: READ, text: SHOWN };
        let looked =
            if unknown.is_empty() { Vec::new() } else { witness.look(unknown, room).await };
        let mut looked = looked.into_iter();
        let mut found = Vec::with_capacity(known.len());
        for (glance, known) in glances.into_iter().zip(known) {
            let is_new = known.is_none();
            let Some(one) = known.or_else(|| looked.next()) else { break };
            if let (true, Some(glance)) = (is_new, glance) {
                held.truncate(REMEMBERED - 1);
                held.push_front((glance, one.clone()));
            }
            found.push(one);
        }
        found
    }
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
        let found = self.previewed.look(self.witness.as_ref(), paths).await;
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
