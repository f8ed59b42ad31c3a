//! Who may look at a file.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use super::HomeError;

/// What groups and others may not have.
const OTHERS: u32 = 0o077;

/// Nothing, or why this directory must not be used.
pub(super) fn check_directory(path: &Path) -> Result<(), HomeError> {
    let metadata = fs::metadata(path).map_err(|error| HomeError::Io(path.to_owned(), error))?;
    if !metadata.is_dir() {
        return Err(HomeError::NotADirectory(path.to_owned()));
    }
    check(path, &metadata, 0o700)
}

/// Nothing, or why this file must not be used. A file that does not exist is fine.
pub(super) fn check_file_if_there(path: &Path) -> Result<(), HomeError> {
    match fs::metadata(path) {
        Ok(metadata) => check(path, &metadata, 0o600),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(HomeError::Io(path.to_owned(), error)),
    }
}

fn check(path: &Path, metadata: &Metadata, wanted: u32) -> Result<(), HomeError> {
    let own = rustix::process::geteuid().as_raw();
    if metadata.uid() != own && own != 0 {
        return Err(HomeError::NotOurs(path.to_owned(), metadata.uid()));
    }
    let open = metadata.permissions().mode() & OTHERS;
    let what = match (open & 0o044 != 0, open & 0o022 != 0) {
        (true, true) => "read and written",
        (true, false) => "read",
        (false, true) => "written",
        (false, false) if open != 0 => "entered",
        (false, false) => return Ok(()),
    };
    Err(HomeError::Open { path: path.to_owned(), quoted: quoted(path), what, wanted })
}

fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+@%".contains(c);
    if text.chars().all(plain) { text } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

/// Writes a file that its owner alone may read, whole or not at all.
pub(crate) fn write_private(path: &Path, text: &str) -> io::Result<()> {
    // A file that is a link stays one: what it points to is replaced.
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let beside = temporary(&path);
    let written = write_new(&beside, text).and_then(|()| fs::rename(&beside, &path));
    if written.is_err() {
        // What failed is told; a file that is left behind does no harm.
        drop(fs::remove_file(&beside));
        return written;
    }
    match path.parent() {
        Some(parent) => File::open(parent)?.sync_all(),
        None => Ok(()),
    }
}

fn write_new(path: &Path, text: &str) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

fn temporary(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.{}.new", std::process::id()))
}
