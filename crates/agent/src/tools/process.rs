//! Running one process in a group of its own, and leaving nothing of the group behind.

use std::collections::BTreeMap;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use countersign_domain::runs::ToolStatus;
use futures::FutureExt as _;
use futures::future::FusedFuture as _;
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::AsyncReadExt as _;
use tokio::net::unix::pipe;
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep_until, timeout};

use super::bound_files::Held;
use super::collector::Collector;
use super::output::ToolOutput;
use super::tool::Execution;

/// Between asking a group to end and killing it.
const TERM_GRACE: Duration = Duration::from_secs(2);
/// How long what a process left in the background may hold its output open.
const LEFTOVER_GRACE: Duration = Duration::from_secs(1);

/// A process to run.
#[derive(Debug)]
pub(super) struct Process<'p> {
    pub(super) program: &'p str,
    pub(super) arguments: &'p [&'p str],
    pub(super) cwd: &'p str,
    /// The whole environment.
    pub(super) env: &'p BTreeMap<String, String>,
    pub(super) timeout: Duration,
    /// The files that it was bound to, compared a moment ago.
    pub(super) held: &'p Held,
}

/// How a process ended.
#[derive(Debug)]
enum End {
    Exited(ExitStatus),
    TimedOut,
    Cancelled,
    Lost(io::Error),
}

impl Process<'_> {
    /// Runs it to its end, to its time-out or until it is cancelled. Its output and its errors
    /// are one stream, in the order in which they were written.
    pub(super) async fn run(&self, execution: &Execution) -> ToolOutput {
        if let Err(changed) = self.held.confirm() {
            return changed.into();
        }
        let (mut group, output) = match self.spawn() {
            Ok(spawned) => spawned,
            Err(error) => return ToolOutput::error(self.why_not_started(&error)),
        };
        let mut collector = Collector::new(&execution.context, execution.call);
        let end = self.follow(&mut group, output, &mut collector, execution).await;
        let text = collector.finish().await;
        self.result(&end, &text)
    }

    fn spawn(&self) -> io::Result<(Group, pipe::Receiver)> {
        let (reader, writer) = io::pipe()?;
        let errors = writer.try_clone()?;
        let output = pipe::Receiver::from_owned_fd(OwnedFd::from(reader))?;
        // Where its place is named, a process begins without a copy of this one's memory map, which
        // takes a millisecond and more.
        let mut command = match self.place() {
            Some(place) => Command::new(place),
            None => Command::new(self.program),
        };
        let child = command
            .arg0(self.program)
            .args(self.arguments)
            .current_dir(self.cwd)
            .env_clear()
            .envs(self.env)
            .stdin(Stdio::null())
            .stdout(writer)
            .stderr(errors)
            .process_group(0)
            .kill_on_drop(true)
            .spawn()?;
        Ok((Group::led_by(child), output))
    }

    /// Where the program is, as the search of its own environment finds it.
    fn place(&self) -> Option<PathBuf> {
        if self.program.contains('/') {
            return None;
        }
        let path = self.env.get("PATH")?;
        let places = std::env::split_paths(path).map(|dir| Path::new(self.cwd).join(dir));
        places.map(|dir| dir.join(self.program)).find(|place| {
            place.metadata().is_ok_and(|found| found.is_file() && found.mode() & 0o111 != 0)
        })
    }

    fn why_not_started(&self, error: &io::Error) -> String {
        if error.kind() != io::ErrorKind::NotFound {
            return format!("`{}` could not be started: {error}", self.program);
        }
        if Path::new(self.cwd).is_dir() {
            format!("`{}` is not installed on this machine; nothing was run", self.program)
        } else {
            format!("the directory `{}` does not exist; nothing was run", self.cwd)
        }
    }

    async fn follow(
        &self,
        group: &mut Group,
        mut output: pipe::Receiver,
        collector: &mut Collector<'_>,
        execution: &Execution,
    ) -> End {
        let deadline = Instant::now() + self.timeout;
        let reading = read_all(&mut output, collector).fuse();
        tokio::pin!(reading);
        let end = loop {
            tokio::select! {
                () = &mut reading => {}
                status = group.child.wait() => break match status {
                    Ok(status) => End::Exited(status),
                    Err(error) => End::Lost(error),
                },
                () = sleep_until(deadline) => break End::TimedOut,
                () = execution.cancel.cancelled() => break End::Cancelled,
            }
        };
        if matches!(end, End::TimedOut | End::Cancelled) {
            let terminating = group.terminate();
            tokio::pin!(terminating);
            loop {
                tokio::select! {
                    () = &mut terminating => break,
                    // It may write its last words while it is asked to end.
                    () = &mut reading => {}
                }
            }
        }
        if !reading.is_terminated() && timeout(LEFTOVER_GRACE, &mut reading).await.is_err() {
            group.kill();
            // What holds the pipe after that is in another group; it is not waited for.
            timeout(LEFTOVER_GRACE, &mut reading).await.ok();
        }
        group.kill_and_forget();
        end
    }

    fn result(&self, end: &End, output: &str) -> ToolOutput {
        let (status, exit_code, note) = match end {
            End::Exited(status) if status.success() => (ToolStatus::Ok, Some(0), None),
            End::Exited(status) => (ToolStatus::Error, status.code(), Some(exit_words(*status))),
            End::TimedOut => (
                ToolStatus::Error,
                None,
                Some(format!("killed after {} s: time limit", self.timeout.as_secs())),
            ),
            End::Cancelled => (ToolStatus::Cancelled, None, Some("killed: stopped".to_owned())),
            End::Lost(error) => (
                ToolStatus::Indeterminate,
                None,
                Some(format!("its end could not be observed: {error}")),
            ),
        };
        let output = output.trim_end_matches('\n');
        let content = match (output.is_empty(), note) {
            (true, None) => "(no output)".to_owned(),
            (true, Some(note)) => format!("({note})"),
            (false, None) => output.to_owned(),
            (false, Some(note)) => format!("{output}\n({note})"),
        };
        ToolOutput { status, content, exit_code }
    }
}

fn exit_words(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit status {code}"),
        (None, Some(signal)) => format!("killed by signal {signal}"),
        (None, None) => status.to_string(),
    }
}

async fn read_all(output: &mut pipe::Receiver, collector: &mut Collector<'_>) {
    let mut buffer = vec![0; 64 * 1024];
    loop {
        match output.read(&mut buffer).await {
            Ok(0) | Err(_) => return,
            Ok(count) => collector.push(buffer.get(..count).unwrap_or_default()).await,
        }
    }
}

/// A process and all that it started in its group. Dropping it kills them.
struct Group {
    child: Child,
    id: Option<Pid>,
}

impl Group {
    fn led_by(child: Child) -> Self {
        let id = child.id().and_then(|id| i32::try_from(id).ok());
        Self { id: id.and_then(Pid::from_raw), child }
    }

    /// Asks the group to end and kills what has not ended in time.
    async fn terminate(&mut self) {
        self.signal(Signal::TERM);
        // Leaders end first as a rule; the rest of the group is killed right after.
        timeout(TERM_GRACE, self.child.wait()).await.ok();
        self.kill();
        self.child.wait().await.ok();
    }

    fn kill(&self) {
        self.signal(Signal::KILL);
    }

    /// The last kill: the number may be another group's later.
    fn kill_and_forget(&mut self) {
        self.kill();
        self.id = None;
    }

    fn signal(&self, signal: Signal) {
        if let Some(id) = self.id {
            // Fails only if nobody is left, which is what is wanted.
            kill_process_group(id, signal).ok();
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.kill();
    }
}
