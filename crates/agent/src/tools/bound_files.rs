//! Files that an action is bound to: looking at them, and holding on to them where it starts.

use std::fs::{File, Metadata};
use std::io::{self, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::time::SystemTime;

use async_trait::async_trait;
use countersign_domain::digest::Digest;
use countersign_domain::display::one_line;
use countersign_domain::files::BoundFile;
use countersign_domain::runs::ToolStatus;
use countersign_ports::file_witness::{FileWitness, Found, Glance, Room, Seen};

use super::files::{OpenError, open_file};
use super::glance::glance;
use super::output::ToolOutput;

/// Where the system shows itself as files that are never the same twice.
const PSEUDO: [&str; 3] = ["/proc", "/sys", "/dev"];

/// Looks at the files of this machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct DiskWitness;

#[async_trait]
impl FileWitness for DiskWitness {
    async fn look(&self, paths: Vec<String>, room: Room) -> Vec<Found> {
        let count = paths.len();
        let looked = tokio::task::spawn_blocking(move || look_at(&paths, room)).await;
        // It fails only when the process is about to end.
        looked.unwrap_or_else(|error| vec![Found::Unbindable(error.to_string()); count])
    }

    async fn glance(&self, paths: Vec<String>) -> Vec<Option<Glance>> {
        let count = paths.len();
        let glance_at = move || {
            let now = SystemTime::now();
            paths.iter().map(|path| glance(path, now)).collect()
        };
        tokio::task::spawn_blocking(glance_at).await.unwrap_or_else(|_| vec![None; count])
    }
}

fn look_at(paths: &[String], room: Room) -> Vec<Found> {
    let (mut files, mut bytes) = (room.files, room.bytes);
    let each = paths.iter().map(|path| {
        let found = see(path, files, bytes, room.text);
        if let Found::File(seen) = &found {
            files -= 1;
            bytes -= seen.size;
        }
        found
    });
    each.collect()
}

fn see(path: &str, files: usize, bytes: u64, text: usize) -> Found {
    let unbindable = |why: &str| Found::Unbindable(why.to_owned());
    let resolved = match std::fs::canonicalize(path) {
        Ok(resolved) => resolved,
        Err(error) if is_absence(&error) => return Found::Absent,
        Err(error) => return unbindable(&format!("it cannot be found: {error}")),
    };
    let Some(resolved) = resolved.to_str() else {
        return unbindable("its name is not UTF-8");
    };
    // Before it is opened: opening a device can do something.
    match std::fs::symlink_metadata(resolved) {
        Ok(meta) if meta.is_dir() => return Found::Directory,
        Ok(meta) if !meta.is_file() || is_pseudo(resolved) => {
            return unbindable("it is no ordinary file");
        }
        Ok(_) => {}
        Err(error) => return unbindable(&format!("it cannot be read: {error}")),
    }
    if files == 0 {
        return unbindable("there are too many files");
    }
    let content = open_file(resolved).and_then(|file| {
        read_at_most(&file, bytes).map_err(|error| OpenError::Io(resolved.to_owned(), error))
    });
    match content {
        Ok(Some(content)) => Found::File(Seen {
            path: resolved.to_owned(),
            size: u64::try_from(content.len()).unwrap_or(u64::MAX),
            sha256: Digest::of(&content),
            text: String::from_utf8_lossy(content.get(..text).unwrap_or(&content)).into_owned(),
        }),
        Ok(None) => unbindable("it is too large"),
        Err(error) => unbindable(&format!("it cannot be read: {error}")),
    }
}

/// All of `file`; `None` if that is more than `limit` bytes, or it is no ordinary file.
fn read_at_most(file: &File, limit: u64) -> io::Result<Option<Vec<u8>>> {
    let meta = file.metadata()?;
    if !meta.is_file() || meta.len() > limit {
        return Ok(None);
    }
    let mut content = Vec::new();
    // It may grow while it is read.
    file.take(limit.saturating_add(1)).read_to_end(&mut content)?;
    let fits = u64::try_from(content.len()).is_ok_and(|length| length <= limit);
    Ok(fits.then_some(content))
}

fn is_absence(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

fn is_pseudo(path: &str) -> bool {
    PSEUDO.iter().any(|root| Path::new(path).starts_with(root))
}

/// Files that were found to be as they were shown. They stay open until this is dropped.
#[derive(Debug, Default)]
pub(super) struct Held(Vec<HeldFile>);

#[derive(Debug)]
struct HeldFile {
    bound: BoundFile,
    /// The open file and what it was like before its content was read; `None` for no file.
    open: Option<(File, Metadata)>,
}

/// A file is not as it was shown.
#[derive(Debug, thiserror::Error)]
#[error("content_changed: `{path}` {what} since it was looked at; nothing was run")]
pub(super) struct FileChanged {
    path: String,
    what: &'static str,
}

impl FileChanged {
    fn new(file: &BoundFile, what: &'static str) -> Self {
        Self { path: one_line(file.named(), 300), what }
    }
}

impl From<FileChanged> for ToolOutput {
    fn from(changed: FileChanged) -> Self {
        Self::new(ToolStatus::Blocked, changed.to_string())
    }
}

/// Opens each of `files` and compares its content with what was shown.
pub(super) async fn hold(files: Vec<BoundFile>) -> Result<Held, FileChanged> {
    if files.is_empty() {
        return Ok(Held::default());
    }
    let first = files.first().cloned();
    let held = tokio::task::spawn_blocking(move || {
        files.into_iter().map(hold_one).collect::<Result<Vec<_>, _>>()
    });
    match (held.await, first) {
        (Ok(held), _) => held.map(Held),
        (Err(_), Some(file)) => Err(FileChanged::new(&file, "could not be compared")),
        (Err(_), None) => Ok(Held::default()),
    }
}

fn hold_one(bound: BoundFile) -> Result<HeldFile, FileChanged> {
    check_place(&bound)?;
    let Some(sha256) = bound.sha256 else {
        return Ok(HeldFile { bound, open: None });
    };
    let file = open_file(&bound.path).map_err(|error| match error {
        OpenError::Moved(_) => FileChanged::new(&bound, "has come to lead elsewhere"),
        OpenError::Io(..) => FileChanged::new(&bound, "can no longer be read"),
    })?;
    let unreadable = |_| FileChanged::new(&bound, "can no longer be read");
    let before = file.metadata().map_err(unreadable)?;
    let content = read_at_most(&file, bound.size).map_err(unreadable)?;
    match content {
        Some(content) if Digest::of(&content) == sha256 => {
            Ok(HeldFile { bound, open: Some((file, before)) })
        }
        Some(_) | None => Err(FileChanged::new(&bound, "was changed")),
    }
}

/// Whether the path of the command still leads to the file, or to none.
fn check_place(bound: &BoundFile) -> Result<(), FileChanged> {
    match std::fs::canonicalize(bound.named()) {
        Ok(_) if bound.sha256.is_none() => Err(FileChanged::new(bound, "was made")),
        Ok(resolved) if resolved == Path::new(&bound.path) => Ok(()),
        Ok(_) => Err(FileChanged::new(bound, "has come to lead elsewhere")),
        Err(error) if is_absence(&error) && bound.sha256.is_none() => Ok(()),
        Err(_) => Err(FileChanged::new(bound, "was removed")),
    }
}

impl Held {
    /// Whether everything is still as it was compared: the last look before the start, which reads
    /// no content, so that the time between is short however large the files are.
    pub(super) fn confirm(&self) -> Result<(), FileChanged> {
        self.0.iter().try_for_each(HeldFile::confirm)
    }
}

impl HeldFile {
    fn confirm(&self) -> Result<(), FileChanged> {
        check_place(&self.bound)?;
        let Some((file, before)) = &self.open else {
            return Ok(());
        };
        let now = file.metadata().ok();
        let there = std::fs::symlink_metadata(&self.bound.path).ok();
        let same = now.as_ref().is_some_and(|now| mark(now) == mark(before))
            && there.as_ref().is_some_and(|there| mark(there) == mark(before));
        if same { Ok(()) } else { Err(FileChanged::new(&self.bound, "was changed")) }
    }
}

/// What differs between two files, and between a file and itself after a write.
fn mark(meta: &Metadata) -> (u64, u64, u64, i64, i64, i64, i64) {
    (
        meta.dev(),
        meta.ino(),
        meta.size(),
        meta.mtime(),
        meta.mtime_nsec(),
        meta.ctime(),
        meta.ctime_nsec(),
    )
}
