//! A NATS server for the length of a test, on a port of its own.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "for tests: they fail by panicking"
)]

use std::fs;
use std::io::Read as _;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use tempfile::TempDir;

use crate::{NatsServer, Prefix};

/// A server that ends with this value, or with the process, however that ends.
#[derive(Debug)]
pub struct ThrowAway {
    dir: TempDir,
    arguments: Vec<String>,
    port: u16,
    running: Option<Child>,
}

/// Runs the server until standard input ends, which it does with whoever holds the other end.
const KEEPER: &str = r#"
dir=$1
shift
"$@" >>"$dir/log" 2>&1 &
echo $! >"$dir/pid"
read -r _
kill -KILL $! 2>/dev/null
wait
"#;

/// How often, and with which pauses, a server that starts is asked.
const ATTEMPTS: (u32, Duration) = (1500, Duration::from_millis(20));

impl ThrowAway {
    /// The one server of this process. It ends when the process does.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<ThrowAway> = OnceLock::new();
        SHARED.get_or_init(|| Self::start(&[]))
    }

    /// A server of one's own, with further `arguments`.
    pub fn start(arguments: &[&str]) -> Self {
        let dir = tempfile::Builder::new().prefix("countersign-nats-").tempdir();
        let mut server = Self {
            dir: dir.expect("a directory"),
            arguments: arguments.iter().map(|&argument| argument.to_owned()).collect(),
            port: 0,
            running: None,
        };
        server.resume();
        server
    }

    /// Its address.
    pub fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    /// The server for a house of its own.
    pub fn fresh(&self) -> NatsServer {
        static NUMBER: AtomicU32 = AtomicU32::new(1);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let prefix = Prefix::parse(&format!("house.{number}")).expect("a prefix");
        NatsServer::parse(&self.url(), None).expect("an address").with_prefix(prefix)
    }

    /// Ends the server at once, as a machine that fails would.
    pub fn kill(&mut self) {
        if let Some(mut keeper) = self.running.take() {
            drop(keeper.stdin.take());
            keeper.wait().expect("the keeper ends");
        }
    }

    /// Starts it again after [`Self::kill`], on the same port.
    pub fn resume(&mut self) {
        let port = if self.port == 0 { "-1".to_owned() } else { self.port.to_string() };
        let dir = self.dir.path().to_owned();
        let keeper = Command::new("sh")
            .args(["-c", KEEPER, "keeper"])
            .arg(&dir)
            .arg(program())
            .args(["--addr", "127.0.0.1", "--port", &port, "--ports_file_dir"])
            .arg(&dir)
            .args(&self.arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        self.running = Some(keeper.expect("a shell starts"));
        for _ in 0..ATTEMPTS.0 {
            if self.answers() {
                return;
            }
            std::thread::sleep(ATTEMPTS.1);
        }
        let log = fs::read_to_string(dir.join("log")).unwrap_or_default();
        panic!("the server did not start: {log}");
    }

    /// Stops it in the middle of whatever it does, without ending its connections.
    pub fn freeze(&self) {
        self.signal("-STOP");
    }

    /// Lets it go on after [`Self::freeze`].
    pub fn thaw(&self) {
        self.signal("-CONT");
    }

    fn answers(&mut self) -> bool {
        if self.port == 0 {
            self.port = port(self.dir.path()).unwrap_or(0);
        }
        let answer = TcpStream::connect(("127.0.0.1", self.port)).and_then(|mut stream| {
            let mut word = [0; 4];
            stream.set_read_timeout(Some(Duration::from_secs(1)))?;
            stream.read_exact(&mut word).map(|()| word)
        });
        self.port != 0 && answer.is_ok_and(|word| &word == b"INFO")
    }

    fn signal(&self, signal: &str) {
        let pid = fs::read_to_string(self.dir.path().join("pid")).expect("the server was started");
        let sent = Command::new("kill").args([signal, pid.trim()]).status();
        assert!(sent.is_ok_and(|status| status.success()), "the server runs");
    }
}

impl Drop for ThrowAway {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The port that the server says that it has taken.
fn port(dir: &Path) -> Option<u16> {
    let said = fs::read_dir(dir).ok()?.flatten().map(|entry| entry.path());
    let mut said = said.filter(|path| path.extension().is_some_and(|end| end == "ports"));
    let text = said.find_map(|path| fs::read_to_string(path).ok())?;
    let (_, after) = text.split_once("nats://127.0.0.1:")?;
    after.split('"').next()?.parse().ok()
}

/// Where `nats-server` is: on the path, else where `./test` has put it.
fn program() -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let installed = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/tools/nats/bin");
    let found = std::env::split_paths(&path)
        .chain([installed])
        .map(|folder| folder.join("nats-server"))
        .find(|program| program.exists());
    found.expect("nats-server is not installed: ./test installs it below target/tools")
}
