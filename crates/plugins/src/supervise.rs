//! Watching one plugin: it is started, listened to, and started again after it has ended.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use countersign_ports::plugins::{CommandDesk, PluginCall, PluginError};
use tokio::io::AsyncWriteExt as _;
use tokio::process::ChildStdin;
use tokio::sync::{Notify, mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use crate::process::{Lines, NoLine, Process};
use crate::wire::{self, FromPlugin, Registration, ToPlugin};

/// The protocol that is spoken.
const PROTOCOL: u32 = 1;

/// So many calls may wait for one plugin.
const MOST_CALLS: usize = 32;

/// So many lines a second are read; who writes more is ended.
const MOST_LINES: u32 = 200;

/// After so many lines that say nothing it is ended.
const MOST_GARBAGE: u32 = 20;

/// So many commands one plugin may bring.
const MOST_COMMANDS: usize = 50;

/// After so many calls in a row without an answer it hangs, and is ended.
const MOST_LATE: u32 = 3;

/// A life that was this long was a good one: the next begins at once.
const GOOD_LIFE: Duration = Duration::from_mins(1);

/// How soon a plugin that has ended is started again.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// After the first end; it doubles with every short life.
    pub first: Duration,
    /// It never takes longer.
    pub longest: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self { first: Duration::from_secs(1), longest: Duration::from_mins(1) }
    }
}

/// One plugin, alive or not.
pub(crate) struct Supervised {
    name: String,
    path: PathBuf,
    desk: Arc<dyn CommandDesk>,
    state: Mutex<State>,
    /// It is to be ended, and started again.
    hangs: Notify,
}

#[derive(Default)]
struct State {
    lines: Option<mpsc::Sender<String>>,
    waiting: BTreeMap<u64, oneshot::Sender<String>>,
    calls: u64,
    late: u32,
}

/// Why a life has ended.
enum End {
    NotStarted(std::io::Error),
    Died,
    Unreadable(std::io::Error),
    LineTooLong,
    Flood,
    Garbage,
    Hangs,
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotStarted(error) => write!(f, "it cannot be started: {error}"),
            Self::Died => f.write_str("it closed its input or its output"),
            Self::Unreadable(error) => write!(f, "it cannot be read: {error}"),
            Self::LineTooLong => f.write_str("it wrote a line that is too long"),
            Self::Flood => write!(f, "it wrote more than {MOST_LINES} lines a second"),
            Self::Garbage => write!(f, "it wrote {MOST_GARBAGE} lines that say nothing"),
            Self::Hangs => write!(f, "it left {MOST_LATE} calls in a row without an answer"),
        }
    }
}

impl Supervised {
    pub(crate) fn new(name: String, path: PathBuf, desk: Arc<dyn CommandDesk>) -> Arc<Self> {
        Arc::new(Self { name, path, desk, state: Mutex::default(), hangs: Notify::new() })
    }

    /// Keeps it alive until `stop`.
    pub(crate) async fn keep_alive(self: Arc<Self>, pace: Pace, stop: CancellationToken) {
        let mut pause = pace.first;
        loop {
            let began = Instant::now();
            let end = tokio::select! {
                end = self.live() => end,
                () = stop.cancelled() => break,
            };
            self.forget();
            tracing::warn!(plugin = self.name, %end, "a plugin has ended; it is started again");
            if began.elapsed() >= GOOD_LIFE {
                pause = pace.first;
            }
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = stop.cancelled() => break,
            }
            pause = (pause * 2).min(pace.longest);
        }
        self.forget();
    }

    /// Calls the plugin, and waits for its answer as long as the call says.
    pub(crate) async fn call(&self, call: &PluginCall) -> Result<String, PluginError> {
        let (id, answer) = self.ask(call)?;
        match tokio::time::timeout(call.time, answer).await {
            Ok(Ok(text)) => Ok(text),
            Ok(Err(_)) => Err(PluginError::Gone),
            Err(_) => {
                let mut state = self.state();
                state.waiting.remove(&id);
                state.late += 1;
                if state.late >= MOST_LATE {
                    self.hangs.notify_one();
                }
                Err(PluginError::Late(call.time))
            }
        }
    }

    fn ask(&self, call: &PluginCall) -> Result<(u64, oneshot::Receiver<String>), PluginError> {
        let mut state = self.state();
        let lines = state.lines.clone().ok_or(PluginError::Gone)?;
        if state.waiting.len() >= MOST_CALLS {
            return Err(PluginError::Busy);
        }
        state.calls += 1;
        let id = state.calls;
        lines.try_send(wire::call(id, call)).map_err(|_| PluginError::Busy)?;
        let (sender, answer) = oneshot::channel();
        state.waiting.insert(id, sender);
        Ok((id, answer))
    }

    async fn live(&self) -> End {
        let (_process, stdin, lines) = match Process::start(&self.path) {
            Ok(started) => started,
            Err(error) => return End::NotStarted(error),
        };
        let (sender, receiver) = mpsc::channel(MOST_CALLS);
        let hello = ToPlugin::Hello { protocol: PROTOCOL }.line();
        drop(sender.try_send(hello));
        self.state().lines = Some(sender.clone());
        tokio::select! {
            end = self.listen(lines, &sender) => end,
            () = write(stdin, receiver) => End::Died,
            () = self.hangs.notified() => End::Hangs,
        }
    }

    async fn listen(&self, mut lines: Lines, sender: &mpsc::Sender<String>) -> End {
        let (mut second, mut in_it, mut garbage, mut brought) = (Instant::now(), 0, 0, 0);
        loop {
            let line = match lines.next().await {
                Ok(line) => line,
                Err(NoLine::Ended) => return End::Died,
                Err(NoLine::TooLong) => return End::LineTooLong,
                Err(NoLine::Unreadable(error)) => return End::Unreadable(error),
            };
            if second.elapsed() >= Duration::from_secs(1) {
                (second, in_it) = (Instant::now(), 0);
            }
            in_it += 1;
            if in_it > MOST_LINES {
                return End::Flood;
            }
            match serde_json::from_slice(&line) {
                Ok(FromPlugin::Register(wanted)) => {
                    brought += 1;
                    let told = self.register(&wanted, brought);
                    drop(sender.try_send(told));
                }
                Ok(FromPlugin::Answer { id, text }) => self.answer(id, text),
                Err(_) => {
                    garbage += 1;
                    if garbage >= MOST_GARBAGE {
                        return End::Garbage;
                    }
                }
            }
        }
    }

    fn register(&self, wanted: &Registration, brought: usize) -> String {
        let name = wanted.name.as_str();
        let refused = |error: String| {
            tracing::warn!(plugin = self.name, error, "a command of a plugin is not taken");
            ToPlugin::Refused { name, error }.line()
        };
        if brought > MOST_COMMANDS {
            return refused(format!("a plugin brings at most {MOST_COMMANDS} commands"));
        }
        let command = match wanted.command(&self.name) {
            Ok(command) => command,
            Err(error) => return refused(error.to_string()),
        };
        match self.desk.register(command) {
            Ok(()) => ToPlugin::Registered { name }.line(),
            Err(error) => refused(error.to_string()),
        }
    }

    fn answer(&self, id: u64, text: String) {
        let mut state = self.state();
        if let Some(waiting) = state.waiting.remove(&id) {
            state.late = 0;
            // Nobody waits any more: then nobody is told.
            drop(waiting.send(text));
        }
    }

    /// It is not there: its commands go, and nobody waits for it any more.
    fn forget(&self) {
        self.desk.withdraw(&self.name);
        let mut state = self.state();
        *state = State { calls: state.calls, ..State::default() };
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Writes lines until nobody reads them.
async fn write(mut stdin: ChildStdin, mut lines: mpsc::Receiver<String>) {
    while let Some(line) = lines.recv().await {
        if stdin.write_all(line.as_bytes()).await.is_err() || stdin.flush().await.is_err() {
            return;
        }
    }
}
