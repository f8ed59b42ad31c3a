//! One node: the real program on a home of its own.

use std::fs::{File, OpenOptions};
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tokio::process::{Child, Command};
use tokio::sync::Mutex;

use crate::api::{API_KEY, Api};
use crate::proxy::Proxy;
use crate::skew;

/// How long a node may take to answer after it was started, on a busy machine.
const START_LIMIT: Duration = Duration::from_mins(1);

/// What a node is made of.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) number: usize,
    pub(crate) program: PathBuf,
    /// Where its home, its configuration and its log are.
    pub(crate) dir: PathBuf,
    pub(crate) config: Value,
    pub(crate) to_store: Option<Proxy>,
    pub(crate) to_bus: Option<Proxy>,
    /// The library that makes its clock wrong.
    pub(crate) skew: Option<PathBuf>,
}

/// The program in a process of its own.
#[derive(Debug)]
pub(crate) struct Node {
    plan: Plan,
    api: Api,
    address: SocketAddr,
    child: Mutex<Option<Child>>,
    clock_is_off: AtomicI64,
    /// How often it has ended by itself.
    ended: AtomicU64,
}

impl Node {
    /// Writes its home; nothing runs yet.
    pub(crate) fn prepare(plan: Plan, client: &reqwest::Client) -> Result<Self> {
        let home = plan.dir.join("home");
        std::fs::DirBuilder::new().mode(0o700).recursive(true).create(&home)?;
        let mut options = OpenOptions::new();
        let file = options.write(true).create(true).truncate(true).mode(0o600);
        // JSON is YAML.
        serde_json::to_writer_pretty(file.open(home.join("config.yaml"))?, &plan.config)?;
        // A port that was free a moment ago: it stays the node's over all restarts.
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let api = Api::new(client.clone(), format!("http://{address}"));
        let (child, clock_is_off, ended) = Default::default();
        Ok(Self { plan, api, address, child, clock_is_off, ended })
    }

    pub(crate) const fn number(&self) -> usize {
        self.plan.number
    }

    pub(crate) const fn api(&self) -> &Api {
        &self.api
    }

    pub(crate) const fn to_store(&self) -> Option<&Proxy> {
        self.plan.to_store.as_ref()
    }

    pub(crate) const fn to_bus(&self) -> Option<&Proxy> {
        self.plan.to_bus.as_ref()
    }

    pub(crate) fn home(&self) -> PathBuf {
        self.plan.dir.join("home")
    }

    pub(crate) fn log(&self) -> PathBuf {
        self.plan.dir.join("log")
    }

    /// How often it has ended by itself.
    pub(crate) fn ended_by_itself(&self) -> u64 {
        self.ended.load(Ordering::Relaxed)
    }

    /// By how many seconds its clock is wrong from its next start on.
    pub(crate) fn set_clock(&self, seconds: i64) {
        self.clock_is_off.store(seconds, Ordering::Relaxed);
    }

    /// Starts it and waits until it answers. One that ends by itself is started again, as whatever
    /// supervises services would.
    pub(crate) async fn start(&self) -> Result<()> {
        let mut child = self.child.lock().await;
        let deadline = Instant::now() + START_LIMIT;
        loop {
            if child.is_none() {
                *child = Some(self.spawn()?);
            }
            if self.api.is_alive().await {
                return Ok(());
            }
            if let Some(running) = child.as_mut()
                && running.try_wait()?.is_some()
            {
                self.ended.fetch_add(1, Ordering::Relaxed);
                *child = None;
            }
            if Instant::now() > deadline {
                bail!("node {} does not start; its log ends:\n{}", self.number(), self.log_end());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Starts it again if it has ended by itself.
    pub(crate) async fn revive(&self) -> Result<()> {
        let ended = {
            let mut child = self.child.lock().await;
            let ended = child.as_mut().map(Child::try_wait).transpose()?.flatten().is_some();
            if ended {
                self.ended.fetch_add(1, Ordering::Relaxed);
                *child = None;
            }
            ended
        };
        if ended { self.start().await } else { Ok(()) }
    }

    /// Ends it as a power cut would.
    pub(crate) async fn kill(&self) -> Result<()> {
        if let Some(mut child) = self.child.lock().await.take() {
            child.kill().await?;
        }
        Ok(())
    }

    /// Tells it to stop, and waits until it has.
    pub(crate) async fn stop(&self) -> Result<()> {
        self.signal(Signal::TERM).await?;
        if let Some(mut child) = self.child.lock().await.take() {
            tokio::time::timeout(START_LIMIT, child.wait()).await.context("it does not stop")??;
        }
        Ok(())
    }

    /// Stops it in the middle of whatever it does.
    pub(crate) async fn pause(&self) -> Result<()> {
        self.signal(Signal::STOP).await
    }

    /// Lets it go on.
    pub(crate) async fn go_on(&self) -> Result<()> {
        self.signal(Signal::CONT).await
    }

    /// The memory that it holds, in KiB.
    pub(crate) async fn resident(&self) -> Result<u64> {
        let child = self.child.lock().await;
        let pid = child.as_ref().and_then(Child::id).context("it does not run")?;
        let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let number = line.and_then(|line| line.split_whitespace().next()).context("VmRSS")?;
        Ok(number.parse()?)
    }

    /// The processor time that it has taken, in milliseconds. Its commands' time is theirs.
    pub(crate) async fn processor_ms(&self) -> Result<f64> {
        let child = self.child.lock().await;
        let pid = child.as_ref().and_then(Child::id).context("it does not run")?;
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
        // After the name, which may hold anything: `utime` and `stime` are fields 14 and 15.
        let (_, fields) = stat.rsplit_once(')').context("no name")?;
        let ticks = fields.split_whitespace().skip(11).take(2).map(str::parse::<f64>);
        let ticks: f64 = ticks.sum::<Result<f64, _>>()?;
        let per_second = f64::from(u32::try_from(rustix::param::clock_ticks_per_second())?);
        Ok(ticks * 1000.0 / per_second)
    }

    /// What the command line of this home prints, if it succeeds.
    pub(crate) async fn command(&self, arguments: &[&str]) -> Result<String> {
        let mut command = Command::new(&self.plan.program);
        command.arg("--home").arg(self.home()).args(arguments).stdin(Stdio::null());
        let output = command.env("NO_COLOR", "1").output().await?;
        let (told, wrong) = (output.stdout, String::from_utf8_lossy(&output.stderr));
        let told = String::from_utf8_lossy(&told).into_owned();
        if !output.status.success() {
            bail!("{arguments:?}: {told}{wrong}");
        }
        Ok(told)
    }

    /// The last lines of its log.
    pub(crate) fn log_end(&self) -> String {
        let text = std::fs::read_to_string(self.log()).unwrap_or_default();
        let lines: Vec<_> = text.lines().rev().take(20).collect();
        lines.into_iter().rev().collect::<Vec<_>>().join("\n")
    }

    fn spawn(&self) -> Result<Child> {
        let log = File::options().create(true).append(true).open(self.log())?;
        let mut command = Command::new(&self.plan.program);
        command.args(["up", "--no-browser-link", "--listen", &self.address.to_string()]);
        command.arg("--home").arg(self.home());
        command.env("API_SERVER_KEY", API_KEY).env("NO_COLOR", "1");
        if let (Some(library), seconds @ (..=-1 | 1..)) =
            (&self.plan.skew, self.clock_is_off.load(Ordering::Relaxed))
        {
            command.env("LD_PRELOAD", library).env(skew::SECONDS, seconds.to_string());
        }
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log).kill_on_drop(true);
        command.spawn().with_context(|| format!("{} does not start", self.plan.program.display()))
    }

    async fn signal(&self, signal: Signal) -> Result<()> {
        let child = self.child.lock().await;
        let Some(pid) = child.as_ref().and_then(Child::id) else { return Ok(()) };
        let pid = Pid::from_raw(i32::try_from(pid)?).context("a process id")?;
        Ok(kill_process(pid, signal)?)
    }
}

/// The program: what is given, else the one beside this one.
pub(crate) fn program(given: Option<&Path>) -> Result<PathBuf> {
    if let Some(given) = given {
        return std::fs::canonicalize(given).with_context(|| given.display().to_string());
    }
    let own = std::env::current_exe()?;
    let found = own.ancestors().skip(1).take(2).map(|dir| dir.join("countersign"));
    found
        .into_iter()
        .find(|path| path.is_file())
        .context("there is no program beside this one; build it (cargo build --release -p countersign-cli) or name it: --binary FILE")
}
