//! Whether there is room where the gateway writes.

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use countersign_storage::Place;

use super::{Finding, Patient};
use crate::compose::place_of_store;
use crate::environment::expanded;

/// With less than this a gateway soon stops: a full disk ends the store.
const TOO_LITTLE: u64 = 100 * MIB;

/// With less than this somebody should look.
const LITTLE: u64 = 1024 * MIB;

const MIB: u64 = 1024 * 1024;

/// What a file system has left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Room {
    bytes: u64,
    files: Files,
}

/// Whether more files can be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Files {
    Some,
    None,
}

/// Where this gateway writes.
pub(super) fn places(patient: &Patient<'_>) -> Vec<PathBuf> {
    let Patient { home, loaded, environment, .. } = patient;
    let mut places = vec![home.root().to_owned()];
    if let Ok(Place::Sqlite(path)) = place_of_store(home, loaded, environment) {
        places.push(path);
    }
    places.push(loaded.config.agent.workspace.as_deref().map_or(home.workspace(), expanded));
    places
}

/// A line for each file system.
pub(super) fn room(places: impl IntoIterator<Item = PathBuf>) -> Vec<Finding> {
    let mut seen = BTreeMap::new();
    for place in places {
        let Some((there, device)) = existing(&place) else { continue };
        seen.entry(device).or_insert(there);
    }
    seen.values().map(|place| judged(place, left(place))).collect()
}

/// The innermost part of a path that exists, and what it is on.
fn existing(path: &Path) -> Option<(PathBuf, u64)> {
    let there = path.ancestors().find_map(|part| Some((part, std::fs::metadata(part).ok()?)));
    there.map(|(part, metadata)| (part.to_owned(), metadata.dev()))
}

fn left(place: &Path) -> Result<Room, String> {
    let found = rustix::fs::statvfs(place).map_err(|error| error.to_string())?;
    // Some file systems do not count files, or have no size.
    let files = if found.f_files > 0 && found.f_favail == 0 { Files::None } else { Files::Some };
    let bytes = match found.f_blocks {
        0 => u64::MAX,
        _ => found.f_bavail.saturating_mul(found.f_frsize),
    };
    Ok(Room { bytes, files })
}

fn judged(place: &Path, left: Result<Room, String>) -> Finding {
    let place = place.display();
    let what = "make room, or move the home; a full disk stops the gateway";
    match left {
        Err(error) => Finding::poor("disk", format!("{place}: {error}")),
        Ok(Room { files: Files::None, .. }) => {
            let says = format!("no more files can be made at {place} (its inodes are used up)");
            Finding::bad("disk", format!("{says}: {what}"))
        }
        Ok(Room { bytes: u64::MAX, .. }) => {
            Finding::good("disk", format!("{place} has no size of its own"))
        }
        Ok(Room { bytes, .. }) => {
            let says = format!("{} MiB left at {place}", bytes / MIB);
            match bytes {
                0..TOO_LITTLE => Finding::bad("disk", format!("{says}: {what}")),
                TOO_LITTLE..LITTLE => Finding::poor("disk", format!("{says}: {what}")),
                LITTLE.. => Finding::good("disk", says),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Status;
    use super::*;

    #[test]
    fn little_room_is_told_before_there_is_none() {
        let status = |bytes, files| judged(Path::new("/srv"), Ok(Room { bytes, files })).status;
        for (bytes, expected) in [
            (0, Status::Bad),
            (TOO_LITTLE - 1, Status::Bad),
            (TOO_LITTLE, Status::Poor),
            (LITTLE - 1, Status::Poor),
            (LITTLE, Status::Good),
            (u64::MAX, Status::Good),
        ] {
            assert_eq!(status(bytes, Files::Some), expected, "{bytes}");
            assert_eq!(status(bytes, Files::None), Status::Bad, "{bytes}");
        }
        let unknown = judged(Path::new("/srv"), Err("no such device".to_owned()));
        assert_eq!(unknown.says, "/srv: no such device");
    }

    #[test]
    fn one_file_system_is_told_once_also_where_nothing_is_yet() {
        let dir = tempfile::tempdir().unwrap();
        let places = [dir.path().to_owned(), dir.path().join("home/not/yet")];
        assert_eq!(room(places).len(), 1);
    }
}
