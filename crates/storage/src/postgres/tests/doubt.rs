//! A connection that breaks after a commit was sent and before it was confirmed: what then becomes of
//! what was committed, with a server that goes on and with one that crashes.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use countersign_domain::audit::verify::Verifier;
use countersign_ports::store::{Change, Store};
use tempfile::TempDir;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::super::session::{Session, query};
use super::super::{LogServer, PostgresStore, Server};
use super::{attempt, beside, open};
use crate::conformance::samples::{audit, first_run, id};
use crate::throw_away::ThrowAway;

/// What stands between the store and the server.
struct Door {
    dir: TempDir,
    state: watch::Sender<State>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct State {
    /// Goes up when what is open is cut.
    generation: u32,
    /// Whether the server's answers are swallowed.
    is_mute: bool,
}

impl Door {
    fn before(own: &ThrowAway) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let listener = UnixListener::bind(dir.path().join(SOCKET)).unwrap();
        let state = watch::Sender::new(State::default());
        tokio::spawn(accept(listener, socket_dir(own).join(SOCKET), state.subscribe()));
        Self { dir, state }
    }

    /// The same database, through the door.
    fn leads_to(&self, own: &ThrowAway, address: &str) -> Server {
        let encoded = |path: &Path| super::super::encoded(&path.to_string_lossy());
        let address = address.replace(&encoded(&socket_dir(own)), &encoded(self.dir.path()));
        Server::parse(&address, None).unwrap()
    }

    /// From now on the store hears nothing.
    fn mute(&self) {
        self.state.send_modify(|state| state.is_mute = true);
    }

    /// Ends every connection; new ones are as good as any.
    fn cut(&self) {
        self.state.send_modify(|state| {
            *state = State { generation: state.generation + 1, is_mute: false };
        });
    }
}

const SOCKET: &str = ".s.PGSQL.5432";

fn socket_dir(own: &ThrowAway) -> PathBuf {
    own.data().parent().unwrap().to_owned()
}

async fn accept(listener: UnixListener, server: PathBuf, state: watch::Receiver<State>) {
    while let Ok((client, _)) = listener.accept().await {
        let (mut state, server) = (state.clone(), server.clone());
        tokio::spawn(async move {
            let Ok(server) = UnixStream::connect(server).await else { return };
            let ((from_client, to_client), (from_server, to_server)) =
                (client.into_split(), server.into_split());
            let generation = state.borrow().generation;
            let (there, back) = (state.clone(), state.clone());
            tokio::select! {
                ended = state.wait_for(|state| state.generation != generation) => drop(ended),
                () = pass(from_client, to_server, None) => drop(there),
                () = pass(from_server, to_client, Some(back)) => {}
            }
        });
    }
}

/// Passes on what comes; what is swallowed for being `mute` does not end either.
async fn pass(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    mute: Option<watch::Receiver<State>>,
) {
    let is_mute = || mute.as_ref().is_some_and(|state| state.borrow().is_mute);
    let mut piece = vec![0; 8192];
    loop {
        match from.read(&mut piece).await {
            Ok(count @ 1..) if is_mute() => piece[..count].fill(0),
            Ok(count @ 1..) if to.write_all(&piece[..count]).await.is_ok() => {}
            _ if is_mute() => std::future::pending().await,
            _ => return,
        }
    }
}

/// Lets a commit with the word `stalled` in it wait for [`HOLD`] right before it is made, and makes it
/// without waiting for the disk if it says so.
const STALL: &str = "
    CREATE FUNCTION stall() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        PERFORM set_config('synchronous_commit', TG_ARGV[0], true);
        PERFORM pg_advisory_xact_lock(77);
        RETURN NULL;
    END $$;
    CREATE CONSTRAINT TRIGGER stall AFTER INSERT ON audit DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW WHEN (NEW.subject = 'stalled') EXECUTE FUNCTION stall('off');
    CREATE CONSTRAINT TRIGGER stall AFTER INSERT ON sessions DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION stall('on');
";
const HOLD: &str = "SELECT pg_advisory_lock(77)";
const LET_GO: &str = "SELECT pg_advisory_unlock(77)";
const WAITING: &str =
    "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND objid = 77 AND NOT granted";
const STALLED: &str = "SELECT xmin::text FROM audit WHERE subject = 'stalled'";

/// A store behind a door, and a commit of it that waits right before it is made.
struct Stalled {
    door: Door,
    address: String,
    store: Arc<PostgresStore>,
    beside: Session,
    commit: JoinHandle<Result<(), countersign_ports::store::StoreError>>,
}

impl Stalled {
    async fn with(own: &ThrowAway, changes: Vec<Change>) -> Self {
        let door = Door::before(own);
        let address = own.fresh_address().await;
        let store = Arc::new(open(&door.leads_to(own, &address)).await);
        let beside = beside(&direct(&address)).await;
        beside.script(STALL).await.unwrap();
        beside.rows(&query!(HOLD)).await.unwrap();
        let commit = tokio::spawn({
            let store = store.clone();
            async move { attempt(&store, changes).await }
        });
        until(&beside, WAITING).await;
        Self { door, address, store, beside, commit }
    }

    /// Commits it, and keeps the confirmation from the store.
    async fn commit_unheard(&self, visible: &'static str) {
        self.door.mute();
        self.beside.rows(&query!(LET_GO)).await.unwrap();
        until(&self.beside, visible).await;
    }

    async fn lines(&self) -> Vec<String> {
        let mut verifier = Verifier::new(None);
        let log = LogServer::open(&direct(&self.address)).await.unwrap();
        log.verify(1, &mut verifier).await.unwrap();
        verifier.finish(&[]).unwrap();
        let lines = self.store.access().audit(0, 99).await.unwrap();
        lines.into_iter().map(|line| line.record.subject).collect()
    }
}

fn direct(address: &str) -> Server {
    Server::parse(address, None).unwrap()
}

/// Asks until there is an answer.
async fn until(session: &Session, sql: &'static str) {
    while session.rows(&query!(sql)).await.unwrap().is_empty() {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

fn line(subject: &str) -> Change {
    Change::AddAudit(Box::new(audit(subject)))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_that_was_made_unheard_is_confirmed_and_not_made_again() {
    let own = ThrowAway::shared();
    let mut stalled = Stalled::with(own, vec![line("stalled")]).await;
    stalled.commit_unheard(STALLED).await;
    stalled.door.cut();
    assert_eq!((&mut stalled.commit).await.unwrap(), Ok(()));
    assert_eq!(stalled.lines().await, ["stalled"]);
}

/// Also one that leaves no line in the audit log.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_commit_leaves_a_mark() {
    let own = ThrowAway::shared();
    let mut stalled = Stalled::with(own, first_run().into()).await;
    stalled.commit_unheard("SELECT 1 FROM sessions").await;
    stalled.door.cut();
    assert_eq!((&mut stalled.commit).await.unwrap(), Ok(()));
    assert!(stalled.store.runs().run(id("run_", 1)).await.unwrap().is_some());
    let marks = "SELECT number FROM commits";
    assert_eq!(stalled.beside.rows(&query!(marks)).await.unwrap().len(), 1);
    stalled.store.close().await;
    assert_eq!(stalled.beside.rows(&query!(marks)).await.unwrap().len(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_that_was_undone_unheard_is_made_once() {
    let own = ThrowAway::shared();
    let mut stalled = Stalled::with(own, vec![line("stalled")]).await;
    stalled.door.mute();
    let waiting = stalled.beside.rows(&query!(WAITING)).await.unwrap();
    let end = format!("SELECT pg_terminate_backend({})", waiting[0].get::<_, i32>(0));
    stalled.beside.script(&end).await.unwrap();
    stalled.beside.rows(&query!(LET_GO)).await.unwrap();
    stalled.door.cut();
    assert_eq!((&mut stalled.commit).await.unwrap(), Ok(()));
    assert_eq!(stalled.lines().await, ["stalled"]);
}

/// The server confirms a commit whose confirmation nobody hears, crashes before it is on the disk, and
/// gives its number to another transaction: for the number, it was committed. It was not, and is made
/// again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_that_the_server_lost_is_not_confirmed() {
    // The server writes its log a whole page at a time, and what there is at long intervals: where
    // either falls in between it has lost nothing, or not the number.
    let settings = "-c fsync=on -c wal_writer_delay=10s -c full_page_writes=off";
    for _ in 0..8 {
        let mut own = ThrowAway::start(settings);
        let mut stalled = Stalled::with(&own, vec![line("stalled")]).await;
        stalled.commit_unheard(STALLED).await;
        let number: String = stalled.beside.rows(&query!(STALLED)).await.unwrap()[0].get(0);
        own.kill();
        own.resume();
        stalled.beside = beside(&direct(&stalled.address)).await;
        let is_lost = stalled.beside.rows(&query!(STALLED)).await.unwrap().is_empty();
        let status = status_after_others(&stalled.beside, &number).await;
        stalled.door.cut();
        assert_eq!((&mut stalled.commit).await.unwrap(), Ok(()));
        assert_eq!(stalled.lines().await, ["stalled"]);
        if is_lost && status == "committed" {
            return;
        }
    }
    panic!("the server never lost a number");
}

/// Lets others commit until one of them has had this number: what the server says of it.
async fn status_after_others(session: &Session, number: &str) -> String {
    let wanted: u64 = number.parse().unwrap();
    let mut last = 0;
    while last < wanted {
        let rows = session.rows(&query!("SELECT pg_current_xact_id()::text")).await.unwrap();
        last = rows[0].get::<_, String>(0).parse().unwrap();
    }
    let status = "SELECT pg_xact_status(?1::xid8)";
    session.rows(&query!(status, number)).await.unwrap()[0].get(0)
}
