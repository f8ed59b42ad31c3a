//! A PostgreSQL server for the length of a test process, made from the programs that are installed
//! on this machine. It listens on a socket in a directory of its own and nowhere else.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "for tests: they fail by panicking"
)]

use std::fs;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use tempfile::TempDir;
use tokio_postgres::NoTls;

use crate::Server;

/// A server that ends with this value, or with the process, however that ends.
#[derive(Debug)]
pub struct ThrowAway {
    dir: TempDir,
    bin: PathBuf,
    user: Option<(u32, u32)>,
    settings: String,
    running: Option<Child>,
}

/// Where Debian and its kin keep what is not for every user's path.
const DEBIAN: &str = "/usr/lib/postgresql";

/// Runs the server until standard input ends, which it does with whoever holds the other end; then
/// the directory goes too.
const KEEPER: &str = r#"
"$1"/postgres -D "$2/data" -k "$2" -c listen_addresses= -c fsync=off -c max_connections=300 \
    -c shared_buffers=64MB -c autovacuum=off -c log_min_messages=fatal $3 >"$2/log" 2>&1 &
server=$!
read -r _
kill -INT "$server" 2>/dev/null
wait "$server"
[ "$4" = keep ] || rm -rf "$2"
"#;

impl ThrowAway {
    /// The one server of this process. It ends when the process does.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<ThrowAway> = OnceLock::new();
        SHARED.get_or_init(|| Self::start(""))
    }

    /// A server of one's own, with further `settings` such as `-c ssl=on`.
    pub fn start(settings: &str) -> Self {
        let dir =
            tempfile::Builder::new().prefix("countersign-pg-").tempdir().expect("a directory");
        let mut server = Self {
            bin: programs(),
            user: unprivileged(),
            settings: settings.to_owned(),
            running: None,
            dir,
        };
        if let Some((user, group)) = server.user {
            chown(server.dir.path(), Some(user), Some(group)).expect("the directory is ours");
        }
        let made = server
            .command("initdb")
            .args(["--no-sync", "--auth=trust", "--username=postgres", "--encoding=UTF8"])
            .args(["--locale=C", "-D"])
            .arg(server.dir.path().join("data"))
            .output();
        succeeded("initdb", &made.expect("initdb starts"));
        server.resume();
        server
    }

    /// Where it keeps its files.
    pub fn data(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    /// Ends the server at once, as a machine that fails would. Its files stay.
    pub fn kill(&mut self) {
        self.end("keep");
    }

    /// Starts it again after [`Self::kill`].
    pub fn resume(&mut self) {
        self.run("remove");
        self.wait_until_it_answers();
    }

    /// The address of the database `postgres`.
    pub fn address(&self) -> String {
        self.address_of("postgres")
    }

    /// The address of another database.
    pub fn address_of(&self, database: &str) -> String {
        let socket = crate::postgres::server::encoded(&self.dir.path().to_string_lossy());
        format!("postgres://postgres@{socket}/{database}")
    }

    /// The same as it is opened.
    pub fn server(&self) -> Server {
        Server::parse(&self.address(), None).expect("an address")
    }

    /// An address where there is nothing yet: a schema of its own.
    pub async fn fresh_address(&self) -> String {
        static NUMBER: AtomicU32 = AtomicU32::new(1);
        let schema = format!("s{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        self.script(&format!("CREATE SCHEMA {schema}")).await;
        format!("{}?options=-c%20search_path%3D{schema}", self.address())
    }

    /// The same as it is opened.
    pub async fn fresh(&self) -> Server {
        Server::parse(&self.fresh_address().await, None).expect("an address")
    }

    /// Carries out `sql` in the database `postgres`.
    pub async fn script(&self, sql: &str) {
        let (client, connection) =
            self.server().config.connect(NoTls).await.expect("the server answers");
        let connection = tokio::spawn(connection);
        client.batch_execute(sql).await.expect("the statements are right");
        drop(client);
        connection.await.expect("no panic").expect("the connection ends");
    }

    fn run(&mut self, afterwards: &str) {
        let keeper = self
            .sh()
            .args(["-c", KEEPER, "keeper"])
            .arg(&self.bin)
            .arg(self.dir.path())
            .arg(&self.settings)
            .arg(afterwards)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        self.running = Some(keeper.expect("a shell starts"));
    }

    fn wait_until_it_answers(&self) {
        for _ in 0..600 {
            let asked = self
                .command("pg_isready")
                .arg("-q")
                .arg("-h")
                .arg(self.dir.path())
                .status()
                .expect("pg_isready starts");
            if asked.success() {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        let log = fs::read_to_string(self.dir.path().join("log")).unwrap_or_default();
        panic!("the server did not start: {log}");
    }

    fn end(&mut self, how: &str) {
        let Some(mut keeper) = self.running.take() else {
            return;
        };
        if how == "keep" {
            let pid = fs::read_to_string(self.data().join("postmaster.pid")).unwrap_or_default();
            let pid = pid.lines().next().unwrap_or_default();
            // Immediate shutdown: no goodbye to anybody, and recovery at the next start.
            let killed = Command::new("kill").args(["-QUIT", pid]).status();
            assert!(killed.is_ok_and(|status| status.success()), "the server runs");
            // The keeper must not take the directory with it.
            let stopped = Command::new("kill").args(["-KILL", &keeper.id().to_string()]).status();
            assert!(stopped.is_ok_and(|status| status.success()), "the keeper runs");
            keeper.wait().expect("the keeper ends");
            let gone = (0..600).any(|_| {
                std::thread::sleep(std::time::Duration::from_millis(10));
                !self.data().join("postmaster.pid").exists()
            });
            assert!(gone, "the server ends");
            return;
        }
        drop(keeper.stdin.take());
        keeper.wait().expect("the keeper ends");
    }

    fn sh(&self) -> Command {
        self.as_user(Command::new("sh"))
    }

    fn command(&self, program: &str) -> Command {
        self.as_user(Command::new(self.bin.join(program)))
    }

    fn as_user(&self, mut command: Command) -> Command {
        if let Some((user, group)) = self.user {
            command.uid(user).gid(group);
        }
        command.current_dir(self.dir.path()).env("LC_ALL", "C");
        command
    }
}

impl Drop for ThrowAway {
    fn drop(&mut self) {
        self.end("remove");
    }
}

/// Where `initdb` and `postgres` are: as `pg_config` says, else the newest of Debian's versions,
/// else somewhere on the path.
fn programs() -> PathBuf {
    let told = Command::new("pg_config").arg("--bindir").output();
    let told = told.ok().filter(|told| told.status.success());
    let told = told.map(|told| PathBuf::from(String::from_utf8_lossy(&told.stdout).trim()));
    let mut debian: Vec<PathBuf> = fs::read_dir(DEBIAN)
        .map(|versions| versions.flatten().map(|version| version.path().join("bin")).collect())
        .unwrap_or_default();
    debian.sort_by_key(|bin| version_of(bin));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = told
        .into_iter()
        .chain(debian.into_iter().rev())
        .chain(std::env::split_paths(&path))
        .find(|bin| bin.join("initdb").exists() && bin.join("postgres").exists());
    found.expect("PostgreSQL is not installed: on Debian or Ubuntu, apt-get install postgresql")
}

fn version_of(bin: &Path) -> u32 {
    let version = bin.parent().and_then(Path::file_name).map(|name| name.to_string_lossy());
    version.and_then(|version| version.parse().ok()).unwrap_or(0)
}

/// PostgreSQL refuses to run as root; then it runs as a user that can do nothing else.
fn unprivileged() -> Option<(u32, u32)> {
    let me = fs::metadata("/proc/self").ok().map(|own| std::os::unix::fs::MetadataExt::uid(&own));
    if me != Some(0) {
        return None;
    }
    let users = fs::read_to_string("/etc/passwd").expect("the users of this machine");
    let of = |name: &str| {
        let line = users.lines().find(|line| line.split(':').next() == Some(name))?;
        let mut fields = line.split(':').skip(2).map(str::parse);
        Some((fields.next()?.ok()?, fields.next()?.ok()?))
    };
    Some(of("postgres").or_else(|| of("nobody")).expect("a user `postgres` or `nobody`"))
}

fn succeeded(what: &str, output: &Output) {
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{what}: {told}");
}
