//! Looking at a file, and copying it, beside a gateway that writes.

use std::os::unix::fs::PermissionsExt as _;

use countersign_domain::audit::verify::Verifier;
use countersign_ports::store::{Change, Fault, Store as _, StoreError};
use rusqlite::Connection;

use super::{attempt, open, place};
use crate::conformance::samples::audit;
use crate::{LogFile, SchemaAge, back_up, examine};

#[tokio::test]
async fn a_file_is_looked_at_beside_whoever_writes() {
    let (path, _dir) = place();
    let missing = examine(&path).unwrap_err();
    assert!(matches!(missing, StoreError::Missing(_)), "{missing}");
    let store = open(&path);
    attempt(&store, [Change::AddAudit(Box::new(audit("a")))]).await.unwrap();
    let examined = examine(&path).unwrap();
    assert!(examined.schema == SchemaAge::Newest && examined.bytes > 0, "{examined:?}");
    store.close().await;
    let before = std::fs::read(&path).unwrap();
    assert_eq!(examine(&path).unwrap().schema, SchemaAge::Newest);
    assert_eq!(std::fs::read(&path).unwrap(), before);
    let connection = Connection::open(&path).unwrap();
    connection.execute_batch("DROP TABLE countersign_schema; PRAGMA user_version = 1").unwrap();
    drop(connection);
    assert_eq!(examine(&path).unwrap().schema, SchemaAge::Older);
    std::fs::write(&path, "not a database, but long enough to be read as one").unwrap();
    let broken = examine(&path).unwrap_err();
    assert!(matches!(broken, StoreError::Broken { fault: Fault::Corrupt, .. }), "{broken}");
}

#[tokio::test]
async fn a_copy_is_whole_closed_to_others_and_made_once() {
    let (path, dir) = place();
    let store = open(&path);
    for name in ["a", "b", "c"] {
        attempt(&store, [Change::AddAudit(Box::new(audit(name)))]).await.unwrap();
    }
    let copy = dir.path().join("it's a copy.db");
    back_up(&path, &copy).unwrap();
    attempt(&store, [Change::AddAudit(Box::new(audit("d")))]).await.unwrap();
    let mode = std::fs::metadata(&copy).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let mut verifier = Verifier::new(None);
    LogFile::open(&copy).unwrap().verify(1, &mut verifier).unwrap();
    assert_eq!(verifier.finish(&[]).unwrap().records, 3);
    assert_eq!(LogFile::open(&path).unwrap().last().unwrap(), 4);
    assert_eq!(examine(&copy).unwrap().schema, SchemaAge::Newest);
    // What is there is not written over.
    assert!(back_up(&path, &copy).is_err());
    // The copy is a store like any other.
    drop(store);
    let again = open(&copy);
    attempt(&again, [Change::AddAudit(Box::new(audit("e")))]).await.unwrap();
    assert_eq!(LogFile::open(&copy).unwrap().last().unwrap(), 4);
}
