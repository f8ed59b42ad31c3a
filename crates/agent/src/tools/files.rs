//! Paths: from what a model writes to the one place that is meant, and holding on to that place.

use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags, mkdirat, openat};
use rustix::io::Errno;

use super::arguments::{Parameters, ToolInputError};

/// The absolute path that `path` means in `workspace`, with every symbolic link resolved. What
/// does not exist yet is kept as written.
pub(super) fn resolve(
    parameters: &Parameters,
    path: &str,
    workspace: &Path,
) -> Result<String, ToolInputError> {
    if path.is_empty() || path.contains('\0') {
        return Err(parameters.error("needs a path without NUL characters as `path`"));
    }
    let problem = match resolve_links(workspace.join(path)) {
        Ok(resolved) => match resolved.into_os_string().into_string() {
            Ok(resolved) => return Ok(resolved),
            Err(_) => "leads to a name that is not UTF-8".to_owned(),
        },
        Err(problem) => problem,
    };
    let path: String = path.chars().take(300).collect();
    Err(ToolInputError::new(format!("the path `{path}` {problem}")))
}

fn resolve_links(mut existing: PathBuf) -> Result<PathBuf, String> {
    let mut missing: Vec<OsString> = Vec::new();
    loop {
        match std::fs::canonicalize(&existing) {
            Ok(mut resolved) => {
                resolved.extend(missing.iter().rev());
                return Ok(resolved);
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                if std::fs::symlink_metadata(&existing).is_ok() {
                    return Err("goes through a symbolic link that leads nowhere".to_owned());
                }
                let Some(name) = existing.file_name() else {
                    return Err("has `..` behind a directory that does not exist".to_owned());
                };
                missing.push(name.to_owned());
                existing.pop();
            }
            Err(error) => return Err(format!("cannot be used: {error}")),
        }
    }
}

/// Why a file was not opened.
#[derive(Debug, thiserror::Error)]
pub(super) enum OpenError {
    /// The path no longer means what was decided about.
    #[error("content_changed: `{0}` now leads elsewhere through a symbolic link")]
    Moved(String),
    /// The system's own words.
    #[error("`{0}`: {1}")]
    Io(String, io::Error),
}

/// Opens exactly `path`, which has no symbolic link in it, for reading.
pub(super) fn open_file(path: &str) -> Result<File, OpenError> {
    // Without NONBLOCK, opening a named pipe would wait for a writer.
    open(path, OFlags::NOFOLLOW | OFlags::NONBLOCK)
}

/// Opens exactly the directory `path`, which has no symbolic link in it.
pub(super) fn open_directory(path: &str) -> Result<File, OpenError> {
    open(path, OFlags::NOFOLLOW | OFlags::DIRECTORY)
}

/// Opens the directory `below` the directory `root` and makes what is missing of it. Each step is
/// taken from the one before, so that no symbolic link can lead it away.
pub(super) fn make_directory(root: &Path, below: &Path) -> Result<File, OpenError> {
    let shown = |error: Errno| OpenError::Io(root.join(below).display().to_string(), error.into());
    let root = root.to_str().ok_or_else(|| shown(Errno::ILSEQ))?;
    let mut directory = open_directory(root)?;
    for name in below {
        match mkdirat(&directory, name, Mode::from_raw_mode(0o777)) {
            Ok(()) | Err(Errno::EXIST) => {}
            Err(error) => return Err(shown(error)),
        }
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let step = openat(&directory, name, flags, Mode::empty());
        directory = match step {
            Ok(step) => File::from(step),
            Err(Errno::LOOP | Errno::NOTDIR) => {
                return Err(OpenError::Moved(Path::new(root).join(below).display().to_string()));
            }
            Err(error) => return Err(shown(error)),
        };
    }
    Ok(directory)
}

fn open(path: &str, flags: OFlags) -> Result<File, OpenError> {
    let flags = flags.bits().cast_signed();
    let opened = File::options().read(true).custom_flags(flags).open(path);
    let file = match opened {
        Ok(file) => file,
        Err(_) if is_link(path) => return Err(OpenError::Moved(path.to_owned())),
        Err(error) => return Err(OpenError::Io(path.to_owned(), error)),
    };
    match place_of(&file, path) {
        Ok(place) if place == Path::new(path) => Ok(file),
        Ok(_) => Err(OpenError::Moved(path.to_owned())),
        Err(error) => Err(OpenError::Io(path.to_owned(), error)),
    }
}

fn is_link(path: &str) -> bool {
    std::fs::symlink_metadata(path).is_ok_and(|meta| meta.is_symlink())
}

/// Where the open `file` really is. Linux knows; elsewhere the path is resolved again.
fn place_of(file: &File, path: &str) -> io::Result<PathBuf> {
    let known = std::fs::read_link(format!("/proc/self/fd/{}", file.as_raw_fd()));
    known.or_else(|_| std::fs::canonicalize(path))
}
