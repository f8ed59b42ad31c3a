//! The bridge's process, where the gateway starts it: watched, started again after it has ended, and
//! stopped with the gateway.
//!
//! It has a group, a state and a life of its own. What it does wrong is its own problem, and is told
//! where people look how it fares. Its token is in a file, and nothing secret is in its arguments.

use std::ffi::OsString;
use std::fmt;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use countersign_domain::display::{inert, one_line};
use countersign_domain::time::Timestamp;
use countersign_ports::clock::Clock;
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};
use tokio::process::{Child, ChildStderr, Command};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::terms::TERMS;

/// A life that was this long was a good one: the next begins at once.
const GOOD_LIFE: Duration = Duration::from_mins(1);

/// How long it has to end by itself.
const LAST_WORK: Duration = Duration::from_secs(3);

/// The longest line of its words that is read, in bytes.
const LONGEST_LINE: u64 = 4096;

/// So much of its last words is told, in characters.
const LONGEST_WORDS: usize = 200;

/// A program that others may change is not started.
const OTHERS_MAY_WRITE: u32 = 0o022;

/// What is started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManagedBridge {
    /// The program.
    pub program: PathBuf,
    /// Where its keys and its queue are.
    pub state: PathBuf,
    /// Where the token is that the two prove themselves with.
    pub token_file: PathBuf,
    /// Where it listens: `127.0.0.1:8790`.
    pub listen: String,
}

/// How soon a bridge that has ended is started again.
#[derive(Debug, Clone, Copy)]
pub struct BridgePace {
    /// After the first end; it doubles with every short life.
    pub first: Duration,
    /// It never takes longer.
    pub longest: Duration,
}

impl Default for BridgePace {
    fn default() -> Self {
        Self { first: Duration::from_secs(1), longest: Duration::from_mins(2) }
    }
}

/// When and why a bridge is not there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// Since when.
    pub since: Timestamp,
    /// Why, in words for operators.
    pub why: String,
    /// How often in a row it has ended after a short life.
    pub times: u32,
}

/// A bridge that the gateway starts and watches.
pub struct BridgeProcess {
    managed: ManagedBridge,
    clock: Arc<dyn Clock>,
    ended: Mutex<Option<Ended>>,
    stop: CancellationToken,
    tasks: TaskTracker,
}

/// Why a life has ended.
enum End {
    NotStarted(String),
    Exited(ExitStatus, String),
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotStarted(why) => write!(f, "it cannot be started: {why}"),
            Self::Exited(status, words) if words.is_empty() => write!(f, "it ended ({status})"),
            Self::Exited(status, words) => write!(f, "it ended ({status}): {words}"),
        }
    }
}

impl BridgeProcess {
    /// The bridge that `managed` describes. Nothing runs yet.
    pub fn new(managed: ManagedBridge, clock: Arc<dyn Clock>) -> Arc<Self> {
        let (ended, stop, tasks) = (Mutex::new(None), CancellationToken::new(), TaskTracker::new());
        Arc::new(Self { managed, clock, ended, stop, tasks })
    }

    /// Starts it, and keeps it alive until [`Self::stop`].
    pub fn start(self: &Arc<Self>, pace: BridgePace) {
        self.tasks.spawn(self.clone().keep_alive(pace));
        self.tasks.close();
    }

    /// When and why it is not there; `None` while it is.
    pub fn ended(&self) -> Option<Ended> {
        self.ended.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Ends it and all that it has started.
    pub async fn stop(&self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }

    async fn keep_alive(self: Arc<Self>, pace: BridgePace) {
        let (mut pause, mut times) = (pace.first, 0);
        while !self.stop.is_cancelled() {
            let began = Instant::now();
            let Some(end) = self.live().await else { return };
            if began.elapsed() >= GOOD_LIFE {
                (pause, times) = (pace.first, 0);
            }
            times += 1;
            self.tell(&end, times);
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = self.stop.cancelled() => return,
            }
            pause = (pause * 2).min(pace.longest);
        }
    }

    /// One life; `None` if it was ended.
    async fn live(&self) -> Option<End> {
        let mut child = match self.spawn() {
            Ok(child) => child,
            Err(why) => return Some(End::NotStarted(why)),
        };
        let group = Group::of(&child);
        // Whoever closes this ends it: also when this process is killed.
        let stdin = child.stdin.take();
        let words = child.stderr.take();
        self.set(None);
        let exited = tokio::select! {
            exited = last_words(&mut child, words) => Some(exited),
            () = self.stop.cancelled() => None,
        };
        let Some((status, words)) = exited else {
            drop(stdin);
            drop(tokio::time::timeout(LAST_WORK, child.wait()).await);
            drop(group);
            return None;
        };
        drop(group);
        match status {
            Ok(status) => Some(End::Exited(status, words)),
            Err(error) => Some(End::NotStarted(error.to_string())),
        }
    }

    fn spawn(&self) -> Result<Child, String> {
        let ManagedBridge { program, state, token_file, listen } = &self.managed;
        let metadata = std::fs::metadata(program).map_err(|error| error.to_string())?;
        if metadata.permissions().mode() & OTHERS_MAY_WRITE != 0 {
            return Err("others may change the program".to_owned());
        }
        let kept = ["PATH", "HOME", "LANG", "SSL_CERT_FILE", "SSL_CERT_DIR"];
        let arguments: [OsString; 9] = [
            "--state".into(),
            state.into(),
            "--listen".into(),
            listen.into(),
            "--token-file".into(),
            token_file.into(),
            "--accept-terms".into(),
            TERMS.into(),
            "--while-stdin".into(),
        ];
        Command::new(program)
            .args(arguments)
            .env_clear()
            .envs(kept.into_iter().filter_map(|name| Some((name, std::env::var_os(name)?))))
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| error.to_string())
    }

    fn tell(&self, end: &End, times: u32) {
        let why = end.to_string();
        tracing::warn!(why, times, "the bridge has ended; it is started again");
        let since = self.ended().map_or_else(|| self.clock.now(), |before| before.since);
        self.set(Some(Ended { since, why, times }));
    }

    fn set(&self, ended: Option<Ended>) {
        *self.ended.lock().unwrap_or_else(PoisonError::into_inner) = ended;
    }
}

/// A group of processes; dropping it leaves nothing of it behind.
struct Group(Option<Pid>);

impl Group {
    fn of(child: &Child) -> Self {
        Self(child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw))
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(group) = self.0 {
            // Fails only if nobody is left, which is what is wanted.
            kill_process_group(group, Signal::KILL).ok();
        }
    }
}

/// Reads what it says until it ends, and keeps the last of it.
async fn last_words(
    child: &mut Child,
    words: Option<ChildStderr>,
) -> (std::io::Result<ExitStatus>, String) {
    let mut last = String::new();
    if let Some(words) = words {
        let mut reader = BufReader::new(words);
        let mut line = Vec::new();
        loop {
            line.clear();
            let mut limited = (&mut reader).take(LONGEST_LINE);
            match limited.read_until(b'\n', &mut line).await {
                Ok(0) | Err(_) => break,
                Ok(_) => {}
            }
            let text = String::from_utf8_lossy(&line);
            let text = one_line(&inert(text.trim()), LONGEST_WORDS);
            if !text.is_empty() {
                tracing::debug!(words = text, "the bridge says");
                last = text;
            }
        }
    }
    (child.wait().await, last)
}
