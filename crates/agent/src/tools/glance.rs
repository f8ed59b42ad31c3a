//! What can be told of files without reading them.

use std::os::unix::fs::MetadataExt as _;
use std::time::{Duration, SystemTime};

use countersign_ports::file_witness::Glance;

/// Clocks of file systems are coarse: a file that has just been changed may be changed again without
/// a trace.
const SETTLED: Duration = Duration::from_secs(2);

/// What the file at `path` is like from outside; `None` if that says nothing about its content.
pub(super) fn glance(path: &str, now: SystemTime) -> Option<Glance> {
    let resolved = std::fs::canonicalize(path).ok()?;
    let meta = std::fs::symlink_metadata(&resolved).ok()?;
    if !meta.is_file() {
        return None;
    }
    let now = now.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    // A clock that was set back makes a file of the future.
    let changed = Duration::from_secs(u64::try_from(meta.ctime()).ok()?);
    if now.checked_sub(changed)? < SETTLED {
        return None;
    }
    Some(Glance {
        path: resolved.to_str()?.to_owned(),
        inode: (meta.dev(), meta.ino()),
        size: meta.size(),
        modified: (meta.mtime(), meta.mtime_nsec()),
        changed: (meta.ctime(), meta.ctime_nsec()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_the_same_until_it_is_touched_and_says_nothing_while_it_is_new() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("x.sh");
        std::fs::write(&file, "true").unwrap();
        let path = file.to_str().unwrap();
        let now = SystemTime::now();
        assert_eq!(glance(path, now), None);
        let later = now + Duration::from_secs(10);
        let first = glance(path, later).unwrap();
        assert_eq!(glance(path, later), Some(first.clone()));
        // Another file of the same size and time, in its place.
        let other = dir.path().join("y.sh");
        std::fs::write(&other, "evil").unwrap();
        let times = std::fs::FileTimes::new().set_modified(now);
        for one in [&file, &other] {
            std::fs::File::options().append(true).open(one).unwrap().set_times(times).unwrap();
        }
        let first = glance(path, later).unwrap();
        std::fs::rename(&other, &file).unwrap();
        let second = glance(path, later).unwrap();
        assert_eq!((first.size, first.modified), (second.size, second.modified));
        assert_ne!(first, second);
    }

    #[test]
    fn what_is_no_file_says_nothing() {
        let later = SystemTime::now() + Duration::from_secs(10);
        let dir = tempfile::tempdir().unwrap();
        for path in [dir.path().to_str().unwrap(), "/dev/null", "/no/such/file"] {
            assert_eq!(glance(path, later), None);
        }
    }
}
