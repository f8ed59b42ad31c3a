//! Files that people send, kept in the workspace.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use async_trait::async_trait;
use bytes::Bytes;
use countersign_domain::time::Timestamp;
use countersign_ports::file_shelf::FileShelf;
use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, openat, renameat, statat, unlinkat};
use rustix::io::Errno;

use super::files::make_directory;

/// The folder of the workspace that holds them.
const FOLDER: &str = "received";

/// What a file takes up at least.
const LEAST: u64 = 4096;

/// Keeps files on this machine's disk.
#[derive(Debug, Clone)]
pub struct DiskShelf {
    workspace: PathBuf,
}

impl DiskShelf {
    /// Keeps files in `workspace`, whose path has no symbolic link in it.
    pub const fn new(workspace: PathBuf) -> Self {
        Self { workspace }
    }

    fn path(folder: &str, name: &str) -> String {
        format!("{FOLDER}/{folder}/{name}")
    }

    fn open(&self, folder: &str) -> io::Result<File> {
        make_directory(&self.workspace, &Path::new(FOLDER).join(folder)).map_err(io::Error::other)
    }

    fn is_there(&self, folder: &str, name: &str) -> io::Result<bool> {
        let directory = self.open(folder)?;
        match statat(&directory, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(found) => Ok(FileType::from_raw_mode(found.st_mode) == FileType::RegularFile),
            Err(Errno::NOENT) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// The folders, each open. What is no folder, links too, is passed over.
    fn folders(&self, prefix: &str) -> io::Result<Vec<(String, File)>> {
        let root = self.open_root()?;
        let mut folders = Vec::new();
        for name in names_in(&root)? {
            if !name.starts_with(prefix) {
                continue;
            }
            let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            if let Ok(folder) = openat(&root, &name, flags, Mode::empty()) {
                folders.push((name, File::from(folder)));
            }
        }
        Ok(folders)
    }

    fn open_root(&self) -> io::Result<File> {
        make_directory(&self.workspace, Path::new(FOLDER)).map_err(io::Error::other)
    }

    fn size(&self, prefix: &str) -> io::Result<u64> {
        let mut sum: u64 = 0;
        for (_, folder) in self.folders(prefix)? {
            for name in names_in(&folder)? {
                if let Ok(found) = statat(&folder, &name, AtFlags::SYMLINK_NOFOLLOW) {
                    let size = u64::try_from(found.st_size).unwrap_or(0);
                    sum = sum.saturating_add(size.max(LEAST));
                }
            }
        }
        Ok(sum)
    }

    fn remove_old(&self, before: Timestamp) -> io::Result<u64> {
        let root = self.open_root()?;
        let mut removed = 0;
        for (name, folder) in self.folders("")? {
            let changed = folder.metadata()?.modified()?;
            let age = changed.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
            if i64::try_from(age).unwrap_or(i64::MAX) >= before.as_millis() {
                continue;
            }
            for file in names_in(&folder)? {
                // What the agent has made a folder stays, and keeps nothing else.
                let _kept = unlinkat(&folder, &file, AtFlags::empty());
            }
            if unlinkat(&root, &name, AtFlags::REMOVEDIR).is_ok() {
                removed += 1;
            }
        }
        Ok(removed)
    }

    fn write(&self, folder: &str, name: &str, content: &[u8]) -> io::Result<()> {
        let directory = self.open(folder)?;
        let part = format!(".{name}.part");
        match unlinkat(&directory, &part, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => {}
            Err(error) => return Err(error.into()),
        }
        let flags =
            OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let opened = openat(&directory, &part, flags, Mode::from_raw_mode(0o666))?;
        let mut file = File::from(opened);
        file.write_all(content)?;
        file.sync_all()?;
        renameat(&directory, &part, &directory, name)?;
        directory.sync_all()
    }
}

#[async_trait]
impl FileShelf for DiskShelf {
    async fn find(&self, folder: &str, name: &str) -> Option<String> {
        let (this, place) = (self.clone(), (folder.to_owned(), name.to_owned()));
        let looked = tokio::task::spawn_blocking(move || this.is_there(&place.0, &place.1));
        let is_there = matches!(looked.await, Ok(Ok(true)));
        is_there.then(|| Self::path(folder, name))
    }

    async fn keep(&self, folder: &str, name: &str, content: Bytes) -> Result<String, String> {
        let (this, place) = (self.clone(), (folder.to_owned(), name.to_owned()));
        let kept = tokio::task::spawn_blocking(move || this.write(&place.0, &place.1, &content));
        match kept.await {
            Ok(Ok(())) => Ok(Self::path(folder, name)),
            Ok(Err(error)) => Err(error.to_string()),
            Err(error) => Err(error.to_string()),
        }
    }

    async fn taken_up(&self, prefix: &str) -> Result<u64, String> {
        let (this, prefix) = (self.clone(), prefix.to_owned());
        let looked = tokio::task::spawn_blocking(move || this.size(&prefix));
        looked.await.map_err(|error| error.to_string())?.map_err(|error| error.to_string())
    }

    async fn sweep(&self, before: Timestamp) -> Result<u64, String> {
        let this = self.clone();
        let swept = tokio::task::spawn_blocking(move || this.remove_old(before));
        swept.await.map_err(|error| error.to_string())?.map_err(|error| error.to_string())
    }
}

/// The names in a folder that was opened without following links.
fn names_in(folder: &File) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in Dir::read_from(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy();
        if !matches!(name.as_ref(), "." | "..") {
            names.push(name.into_owned());
        }
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shelf() -> (tempfile::TempDir, DiskShelf, PathBuf) {
        let home = tempfile::tempdir().unwrap();
        let workspace = home.path().canonicalize().unwrap().join("workspace");
        std::fs::create_dir(&workspace).unwrap();
        (home, DiskShelf::new(workspace.clone()), workspace)
    }

    #[tokio::test]
    async fn a_file_is_kept_whole_and_found_again() {
        let (_home, shelf, workspace) = shelf();
        assert_eq!(shelf.find("m1", "a.txt").await, None);
        for content in ["first", "second"] {
            let path = shelf.keep("m1", "a.txt", Bytes::from(content)).await.unwrap();
            assert_eq!(path, "received/m1/a.txt");
            assert_eq!(std::fs::read_to_string(workspace.join(&path)).unwrap(), content);
        }
        assert_eq!(shelf.find("m1", "a.txt").await.as_deref(), Some("received/m1/a.txt"));
        let inside = std::fs::read_dir(workspace.join("received/m1")).unwrap();
        assert_eq!(inside.count(), 1);
    }

    #[tokio::test]
    async fn what_is_kept_is_counted_and_goes_when_it_is_old() {
        let (home, shelf, workspace) = shelf();
        assert_eq!(shelf.taken_up("").await, Ok(0));
        shelf.keep("ann-1", "a.txt", Bytes::from_static(b"a")).await.unwrap();
        shelf.keep("ann-2", "b.txt", Bytes::from(vec![0; 10_000])).await.unwrap();
        shelf.keep("bob-1", "c.txt", Bytes::from_static(b"c")).await.unwrap();
        // What a link leads to is neither counted nor removed.
        std::fs::write(home.path().join("secret"), "x").unwrap();
        std::os::unix::fs::symlink(home.path(), workspace.join("received/ann-3")).unwrap();
        std::fs::create_dir_all(workspace.join("received/zoe-1/made")).unwrap();
        assert_eq!(shelf.taken_up("ann-").await, Ok(4096 + 10_000));
        std::fs::remove_dir(workspace.join("received/zoe-1/made")).unwrap();
        assert_eq!(shelf.taken_up("").await, Ok(2 * 4096 + 10_000));
        std::fs::create_dir_all(workspace.join("received/0-1/made")).unwrap();
        assert_eq!(shelf.sweep(Timestamp::from_millis(0)).await, Ok(0));
        assert_eq!(shelf.sweep(Timestamp::from_millis(i64::MAX)).await, Ok(4));
        assert!(home.path().join("secret").exists());
    }

    #[tokio::test]
    async fn no_link_in_the_workspace_leads_a_file_elsewhere() {
        for link in ["received", "received/m1", "received/m1/.a.txt.part", "received/m1/a.txt"] {
            let (home, shelf, workspace) = shelf();
            let outside = home.path().join("outside");
            std::fs::create_dir(&outside).unwrap();
            let link = workspace.join(link);
            std::fs::create_dir_all(link.parent().unwrap()).unwrap();
            let is_file = link.extension().is_some();
            let target = if is_file { outside.join("secret") } else { outside.clone() };
            std::os::unix::fs::symlink(&target, &link).unwrap();
            // It is refused, or the link is replaced; what it leads to is never touched.
            let kept = shelf.keep("m1", "a.txt", Bytes::from_static(b"x")).await;
            assert_eq!(kept.is_ok(), is_file, "{}: {kept:?}", link.display());
            assert_eq!(std::fs::read_dir(&outside).unwrap().count(), 0);
        }
        let (home, shelf, workspace) = shelf();
        std::fs::create_dir_all(workspace.join("received/m1")).unwrap();
        std::fs::write(home.path().join("secret"), "x").unwrap();
        let link = workspace.join("received/m1/a.txt");
        std::os::unix::fs::symlink(home.path().join("secret"), link).unwrap();
        assert_eq!(shelf.find("m1", "a.txt").await, None);
    }
}
