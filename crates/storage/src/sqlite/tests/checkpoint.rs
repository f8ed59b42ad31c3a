//! The log is copied back while commits go on.

use std::fs;
use std::path::Path;

use countersign_ports::store::{Change, Store as _};

use super::{attempt, open, place};
use crate::conformance::samples::audit;

/// So long a log may become: 16,000 pages, each with 24 bytes about it, and the last commit's.
const LONGEST: u64 = 18_000 * (4096 + 24);

fn length(path: &Path, ending: &str) -> u64 {
    let file = path.with_file_name(format!("countersign.db{ending}"));
    fs::metadata(file).map_or(0, |metadata| metadata.len())
}

#[tokio::test]
async fn the_log_stays_short_and_what_is_in_it_comes_into_the_database() {
    let (path, _dir) = place();
    let store = open(&path);
    let text = "x".repeat(1_000_000);
    let (mut lines, mut longest) = (0, 0);
    // More than the log may hold: some of it was copied, and the log began anew.
    while lines < 80 {
        attempt(&store, [Change::AddAudit(Box::new(audit(&text)))]).await.unwrap();
        lines += 1;
        longest = longest.max(length(&path, "-wal"));
    }
    assert!(longest < LONGEST, "the log has had {longest} bytes");
    assert!(length(&path, "") > 30_000_000, "nothing was copied");
    store.close().await;
    // Whoever closes the file last leaves no log.
    assert_eq!(length(&path, "-wal"), 0);
    let store = open(&path);
    assert_eq!(store.access().audit(0, 1_000).await.unwrap().len(), lines);
}
