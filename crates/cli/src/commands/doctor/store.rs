//! Whether the store can be used.

use std::path::Path;

use countersign_domain::time::Timestamp;
use countersign_ports::store::{AuditFilter, Fault, StoreError};
use countersign_storage::{LogFile, LogServer, Place, SchemaAge, Server, examine};
use rustix::fs::Access;

use super::house::of_this_environment;
use super::{Finding, Patient};
use crate::compose::place_of_store;

/// The store, and when its audit log was last written.
pub(super) async fn store(patient: &Patient<'_>) -> (Finding, Option<Timestamp>) {
    let Patient { home, loaded, environment, .. } = patient;
    match place_of_store(home, loaded, environment) {
        Err(failure) => (Finding::bad("store", of_this_environment(&failure)), None),
        Ok(Place::Postgres(server)) => postgres(&server).await,
        Ok(Place::Sqlite(path)) => sqlite(&path),
    }
}

fn sqlite(path: &Path) -> (Finding, Option<Timestamp>) {
    let shown = path.display();
    if !path.exists() {
        let says = format!("`{shown}` does not exist; the first start makes it");
        return (Finding::skipped("store", says), None);
    }
    if let Some(says) = read_only(path) {
        return (Finding::bad("store", says), None);
    }
    match examine(path) {
        Err(error) => {
            (Finding::bad("store", format!("`{shown}`: {error}; {}", advice(&error))), None)
        }
        Ok(examined) if examined.schema == SchemaAge::Older => {
            let says =
                format!("`{shown}` is of an older version; the next start brings it up to date");
            (Finding::poor("store", says), None)
        }
        Ok(examined) => {
            let says = format!("`{shown}` is sound, {} KiB", examined.bytes.div_ceil(1024));
            (Finding::good("store", says), newest_in(path))
        }
    }
}

/// What the gateway could not write.
fn read_only(path: &Path) -> Option<String> {
    let beside = path.parent().unwrap_or(Path::new("/"));
    let refused = |place: &Path| rustix::fs::access(place, Access::WRITE_OK).err();
    [path, beside].into_iter().find_map(|place| {
        let error = refused(place)?;
        let place = place.display();
        Some(format!("`{place}` cannot be written ({error}): give it to the gateway's user"))
    })
}

fn newest_in(path: &Path) -> Option<Timestamp> {
    let log = LogFile::open(path).ok()?;
    let newest = log.latest(AuditFilter::default(), 1).ok()?;
    newest.first().map(|sealed| sealed.record.at)
}

async fn postgres(server: &Server) -> (Finding, Option<Timestamp>) {
    match LogServer::open(server).await {
        Err(error) => {
            (Finding::bad("store", format!("{server}: {error}; {}", advice(&error))), None)
        }
        Ok(log) => {
            let newest = log.latest(AuditFilter::default(), 1).await.unwrap_or_default();
            let newest = newest.first().map(|sealed| sealed.record.at);
            (Finding::good("store", format!("{server} answers")), newest)
        }
    }
}

const fn advice(error: &StoreError) -> &'static str {
    match error {
        StoreError::Unavailable(_) => "is the server running, and are address and password right?",
        StoreError::Broken { fault, .. } => match fault {
            Fault::DiskFull => "make room",
            Fault::ReadOnly => "let the gateway's user write it",
            Fault::Corrupt => "restore a back-up (docs/operating.md)",
            Fault::Io => "look at the device, and restore a back-up on another",
            Fault::TooNew => "start the version of the program that fits",
            Fault::Foreign => "set `store.url` to a store of its own",
            Fault::Altered => "start the version that made it, or restore a back-up",
        },
        StoreError::Missing(_)
        | StoreError::Conflict(_)
        | StoreError::Expelled
        | StoreError::Unreadable { .. } => "look at the gateway's log",
    }
}
