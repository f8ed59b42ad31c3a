//! A home, the binary, and a gateway that ends with its test.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

/// Longer than anything here takes on a busy machine.
pub(crate) const LIMIT: Duration = Duration::from_secs(45);

/// A home directory that does not exist yet, beside a user's home.
pub(crate) struct Home {
    dir: TempDir,
}

/// What a command said.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// A gateway that runs.
pub(crate) struct Gateway<'a> {
    pub(crate) home: &'a Home,
    child: Child,
}

impl Home {
    pub(crate) fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn root(&self) -> PathBuf {
        self.dir.path().join("home")
    }

    pub(crate) fn workspace(&self) -> PathBuf {
        self.root().join("workspace")
    }

    /// A place that is neither the workspace nor the home.
    pub(crate) fn outside(&self, name: &str) -> PathBuf {
        std::fs::canonicalize(self.dir.path()).unwrap().join(name)
    }

    /// Makes the home with everything in it.
    pub(crate) fn made(self) -> Self {
        let said = self.cli(&["keys", "list"]);
        assert_eq!(said.code, Some(0), "{said:?}");
        self
    }

    pub(crate) fn write_config(&self, text: &str) {
        std::fs::write(self.root().join("config.yaml"), text).unwrap();
    }

    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_countersign"));
        command
            .args(args)
            .env("COUNTERSIGN_HOME", self.root())
            .env("HOME", self.dir.path())
            .env_remove("API_SERVER_KEY")
            .env_remove("COUNTERSIGN_KEY")
            .env_remove("COUNTERSIGN_LOG")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    pub(crate) fn cli(&self, args: &[&str]) -> Said {
        Said::of(self.command(args).spawn().unwrap())
    }

    /// The same with something on standard input.
    pub(crate) fn cli_given(&self, args: &[&str], input: &str) -> Said {
        let mut child = self.command(args).stdin(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        Said::of(child)
    }

    /// A gateway on a free port, ready.
    pub(crate) fn up(&self, args: &[&str]) -> Gateway<'_> {
        let all = [&["up", "--listen", "127.0.0.1:0"], args].concat();
        let child = self.command(&all).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let mut gateway = Gateway { home: self, child };
        until("the gateway listens", || {
            let ended = gateway.child.try_wait().unwrap();
            assert!(ended.is_none(), "the gateway ended: {ended:?}; {:?}", self.cli(&all));
            self.root().join("gateway.json").exists()
        });
        gateway
    }

    /// What `text` says with this home's own path written `HOME`.
    pub(crate) fn neutral(&self, text: &str) -> String {
        text.replace(self.root().to_str().unwrap(), "HOME")
    }
}

impl Said {
    /// What a command says, which must end by itself.
    fn of(child: Child) -> Self {
        let pid = child.id().to_string();
        let (sender, ended) = mpsc::channel();
        std::thread::spawn(move || sender.send(child.wait_with_output()));
        let Ok(output) = ended.recv_timeout(LIMIT) else {
            drop(Command::new("kill").args(["-KILL", &pid]).status());
            panic!("the command did not end: {:?}", ended.recv());
        };
        let output = output.unwrap();
        Self {
            code: output.status.code(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// The output as JSON, of a command that worked.
    pub(crate) fn json(&self) -> Value {
        assert_eq!(self.code, Some(0), "{self:?}");
        serde_json::from_str(&self.out).unwrap()
    }
}

impl<'a> Gateway<'a> {
    /// A gateway that was started otherwise.
    pub(crate) fn of(home: &'a Home, child: Child) -> Self {
        Self { home, child }
    }

    pub(crate) fn cli(&self, args: &[&str]) -> Said {
        self.home.cli(args)
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Starts a run; its id.
    pub(crate) fn start(&self, text: &str) -> String {
        let started = self.cli(&["runs", "start", text, "--json"]).json();
        started["run_id"].as_str().unwrap().to_owned()
    }

    /// Starts a run in the session of another.
    pub(crate) fn start_after(&self, run: &str, text: &str) -> String {
        let session = self.run(run)["session_id"].as_str().unwrap().to_owned();
        let args = ["runs", "start", text, "--session", &session, "--json"];
        self.cli(&args).json()["run_id"].as_str().unwrap().to_owned()
    }

    pub(crate) fn run(&self, run: &str) -> Value {
        self.cli(&["runs", "show", run, "--json"]).json()
    }

    pub(crate) fn approval(&self, id: &str) -> Value {
        self.cli(&["approvals", "show", id, "--json"]).json()
    }

    /// The approvals that a run waits for, once there are some.
    pub(crate) fn pending(&self, run: &str) -> Vec<String> {
        let mut ids = Vec::new();
        until("an approval is pending", || {
            let run = self.run(run);
            let pending = run["pending_approvals"].as_array().unwrap().clone();
            ids = pending.iter().map(|id| id.as_str().unwrap().to_owned()).collect();
            assert!(!is_over(&run), "{run}");
            !ids.is_empty()
        });
        ids
    }

    /// The run when it is over.
    pub(crate) fn ended(&self, run: &str) -> Value {
        let mut last = Value::Null;
        until("the run is over", || {
            last = self.run(run);
            is_over(&last)
        });
        last
    }

    pub(crate) fn signal(&self, signal: &str) {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill").args([signal, &pid]).status().unwrap();
        assert!(sent.success());
    }

    /// Sends a signal unless the process has ended; whether it has.
    pub(crate) fn signal_again(&mut self, signal: &str) -> bool {
        let ended = self.child.try_wait().unwrap().is_some();
        if !ended {
            self.signal(signal);
        }
        ended
    }

    /// How the process ends.
    pub(crate) fn wait(&mut self) -> ExitStatus {
        let mut ended = None;
        until("the gateway has ended", || {
            ended = self.child.try_wait().unwrap();
            ended.is_some()
        });
        ended.unwrap()
    }

    pub(crate) fn terminate(mut self) {
        self.signal("-TERM");
        assert_eq!(self.wait().code(), Some(0));
    }
}

impl Drop for Gateway<'_> {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn is_over(run: &Value) -> bool {
    matches!(run["status"].as_str(), Some("completed" | "failed" | "cancelled"))
}

/// Waits for a condition, but not for ever.
pub(crate) fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !condition() {
        assert!(begin.elapsed() < LIMIT, "not within {LIMIT:?}: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// The permission bits of a file.
pub(crate) fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

/// Sets the permission bits of a file.
pub(crate) fn set_mode(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}
