//! One life of a plugin's process.

use std::io;
use std::path::Path;
use std::process::Stdio;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

/// The longest line that a plugin may write, in bytes.
const LONGEST_LINE: u64 = 64 * 1024;

/// A process in a group of its own; dropping it leaves nothing of the group behind.
pub(crate) struct Process {
    _child: Child,
    group: Option<Pid>,
}

/// What a process writes, line by line.
pub(crate) struct Lines(BufReader<ChildStdout>);

/// Why no further line comes.
#[derive(Debug)]
pub(crate) enum NoLine {
    /// It has closed its output.
    Ended,
    /// A line is longer than any may be.
    TooLong,
    /// It cannot be read.
    Unreadable(io::Error),
}

impl Process {
    /// Starts the program at `path` with nothing of the gateway's environment but where programs
    /// and homes are.
    pub(crate) fn start(path: &Path) -> io::Result<(Self, ChildStdin, Lines)> {
        let kept = ["PATH", "HOME", "LANG"];
        let mut command = Command::new(path);
        command
            .env_clear()
            .envs(kept.into_iter().filter_map(|name| Some((name, std::env::var_os(name)?))))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .process_group(0)
            .kill_on_drop(true);
        if let Some(folder) = path.parent() {
            command.current_dir(folder);
        }
        let mut child = command.spawn()?;
        let pipes = child.stdin.take().zip(child.stdout.take());
        let group = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        let process = Self { _child: child, group };
        let (stdin, stdout) = pipes.ok_or_else(|| io::Error::other("no pipes"))?;
        Ok((process, stdin, Lines(BufReader::new(stdout))))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if let Some(group) = self.group {
            // Fails only if nobody is left, which is what is wanted.
            kill_process_group(group, Signal::KILL).ok();
        }
    }
}

impl Lines {
    /// The next line, as bytes. A line that is being read is lost if this is dropped.
    pub(crate) async fn next(&mut self) -> Result<Vec<u8>, NoLine> {
        let mut line = Vec::new();
        let mut limited = (&mut self.0).take(LONGEST_LINE);
        let read = limited.read_until(b'\n', &mut line).await.map_err(NoLine::Unreadable)?;
        match (read, line.last()) {
            (0, _) => Err(NoLine::Ended),
            (_, Some(b'\n')) => Ok(line),
            (read, _) if read as u64 >= LONGEST_LINE => Err(NoLine::TooLong),
            (_, _) => Err(NoLine::Ended),
        }
    }
}
