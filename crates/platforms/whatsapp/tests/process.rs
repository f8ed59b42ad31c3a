//! Programs that are started as a bridge, and do not behave.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot be set up fails where it is"
)]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use countersign_domain::time::Timestamp;
use countersign_ports::clock::Clock;
use countersign_whatsapp_platform::{BridgePace, BridgeProcess, Ended, ManagedBridge};

const QUICK: BridgePace =
    BridgePace { first: Duration::from_millis(1), longest: Duration::from_millis(4) };

/// A clock that stands.
struct Still;

#[async_trait]
impl Clock for Still {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(1_795_000_000_000)
    }

    fn steady(&self) -> Duration {
        Duration::ZERO
    }

    async fn pause(&self, _: Duration) {
        std::future::pending::<()>().await;
    }

    async fn sleep_until(&self, _: Timestamp) {
        std::future::pending::<()>().await;
    }
}

fn bridge(folder: &Path, script: &str) -> Arc<BridgeProcess> {
    let program = folder.join("bridge.sh");
    fs::write(&program, format!("#!/bin/sh\ncd '{}'\n{script}", folder.display())).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    of(program, folder)
}

fn of(program: PathBuf, folder: &Path) -> Arc<BridgeProcess> {
    let managed = ManagedBridge {
        program,
        state: folder.join("state"),
        token_file: folder.join("token"),
        listen: "127.0.0.1:9".to_owned(),
    };
    BridgeProcess::new(managed, Arc::new(Still))
}

/// Waits for a condition, but not for ever.
async fn until<T>(mut found: impl FnMut() -> Option<T>) -> T {
    let wait = async {
        loop {
            if let Some(found) = found() {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), wait).await.expect("it happens")
}

fn is_alive(pid: &str) -> bool {
    Path::new(&format!("/proc/{}/fd/0", pid.trim())).exists()
}

#[tokio::test]
async fn why_it_ended_is_told_in_its_own_last_words_made_inert() {
    let folder = tempfile::tempdir().unwrap();
    let script = "echo first >&2; printf 'the port \\033[2J is taken\\n' >&2; exit 3";
    let bridge = bridge(folder.path(), script);
    assert_eq!(bridge.ended(), None);
    bridge.start(QUICK);
    let Ended { why, since, .. } = until(|| bridge.ended().filter(|end| end.times > 2)).await;
    assert!(why.contains("is taken") && why.contains('3'), "{why}");
    assert!(!why.contains('\u{1b}') && !why.contains("first"), "{why}");
    assert_eq!(since, Still.now());
    bridge.stop().await;
}

#[tokio::test]
async fn one_that_floods_is_no_burden_and_ends_with_all_that_it_has_started() {
    let folder = tempfile::tempdir().unwrap();
    // Neither takes notice of the end of its input.
    let script = "sleep 600 & echo $! > child\necho $$ > pid\nwhile :; do echo flood >&2; done";
    let bridge = bridge(folder.path(), script);
    bridge.start(QUICK);
    let read = |name: &str| fs::read_to_string(folder.path().join(name)).ok();
    let written = |name: &str| read(name).filter(|text| text.ends_with('\n'));
    let (pid, child) = until(|| written("pid").zip(written("child"))).await;
    assert!(is_alive(&pid) && is_alive(&child));
    bridge.stop().await;
    until(|| (!is_alive(&pid) && !is_alive(&child)).then_some(())).await;
}

#[tokio::test]
async fn it_ends_by_itself_when_its_input_does() {
    let folder = tempfile::tempdir().unwrap();
    let bridge = bridge(folder.path(), "echo up > up\ncat >/dev/null\necho well > ended");
    bridge.start(QUICK);
    until(|| fs::read_to_string(folder.path().join("up")).ok()).await;
    assert_eq!(bridge.ended(), None);
    bridge.stop().await;
    assert_eq!(fs::read_to_string(folder.path().join("ended")).unwrap(), "well\n");
}

#[tokio::test]
async fn what_is_not_there_or_belongs_to_everybody_is_not_started() {
    let folder = tempfile::tempdir().unwrap();
    let missing = of(folder.path().join("nothing"), folder.path());
    missing.start(QUICK);
    let why = until(|| missing.ended()).await.why;
    assert!(why.contains("cannot be started"), "{why}");
    missing.stop().await;
    let open = bridge(folder.path(), "touch started");
    let program = folder.path().join("bridge.sh");
    fs::set_permissions(&program, fs::Permissions::from_mode(0o777)).unwrap();
    open.start(QUICK);
    let why = until(|| open.ended()).await.why;
    assert!(why.contains("others may change"), "{why}");
    open.stop().await;
    assert!(!folder.path().join("started").exists());
}
