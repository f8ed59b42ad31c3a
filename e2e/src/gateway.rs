//! The real program on a home of its own, and its API.

use std::fs::File;
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

use crate::patience::until;

/// The key of every gateway.
pub const API_KEY: &str = "browser-tests-4fJ8sQ2mZx7LwV1c";
const START_LIMIT: Duration = Duration::from_secs(30);

/// A key of the configuration and its value, for one start.
pub type Setting = (&'static str, &'static str);

/// A gateway in a process of its own. Dropping it kills the process.
pub struct Gateway {
    home: TempDir,
    settings: Vec<Setting>,
    child: Child,
    /// Where it listens, as `http://127.0.0.1:PORT`.
    base: String,
    link: String,
    client: reqwest::Client,
}

struct Started {
    child: Child,
    base: String,
    link: String,
}

impl Gateway {
    /// A gateway on a new home.
    pub async fn start(settings: &[Setting]) -> Result<Self> {
        Self::start_at(&[], settings).await
    }

    /// A gateway on a home that holds nothing but these files, which its user alone can read.
    pub async fn start_at(files: &[(&str, &str)], settings: &[Setting]) -> Result<Self> {
        let home = tempfile::Builder::new().prefix("countersign-e2e-").tempdir()?;
        for (name, text) in files {
            let path = home_of(&home).join(name);
            let mut options = File::options();
            std::fs::DirBuilder::new().recursive(true).mode(0o700).create(home_of(&home))?;
            options
                .create_new(true)
                .write(true)
                .mode(0o600)
                .open(path)?
                .write_all(text.as_bytes())?;
        }
        let started = start(&home_of(&home), "127.0.0.1:0", settings).await?;
        Ok(Self {
            home,
            settings: settings.to_vec(),
            child: started.child,
            base: started.base,
            link: started.link,
            client: client()?,
        })
    }

    /// Ends the process as a power cut would.
    pub async fn kill(&mut self) -> Result<()> {
        Ok(self.child.kill().await?)
    }

    /// Starts it again on the same home and port.
    pub async fn start_again(&mut self) -> Result<()> {
        let address = self.base.trim_start_matches("http://").to_owned();
        let started = start(&home_of(&self.home), &address, &self.settings).await?;
        self.child = started.child;
        self.link = started.link;
        Ok(())
    }

    /// The address of a page.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// The one-time sign-in link that the last start printed.
    pub fn sign_in_link(&self) -> &str {
        &self.link
    }

    /// The directory in which the agent works.
    pub fn workspace(&self) -> PathBuf {
        home_of(&self.home).join("workspace")
    }

    /// A file outside the workspace, which the agent cannot write without being asked about it.
    pub fn outside(&self) -> PathBuf {
        self.home.path().join("outside.txt")
    }

    /// What makes the agent write `text` to [`Self::outside`].
    pub fn write_outside(&self, text: &str) -> String {
        format!("write {} | {text}", self.outside().display())
    }

    /// What [`Self::outside`] holds.
    pub fn written_outside(&self) -> Option<String> {
        std::fs::read_to_string(self.outside()).ok()
    }

    /// Sends `body` to the API, as a program with a key.
    pub async fn post(&self, path: &str, body: &Value) -> Result<Value> {
        answer(self.client.post(self.url(path)).bearer_auth(API_KEY).json(body)).await
    }

    /// Reads from the API with this key; answers with the status.
    pub async fn status_with(&self, key: &str, path: &str) -> Result<u16> {
        Ok(self.client.get(self.url(path)).bearer_auth(key).send().await?.status().as_u16())
    }

    /// Reads from the API, as a program with a key.
    pub async fn get(&self, path: &str) -> Result<Value> {
        answer(self.client.get(self.url(path)).bearer_auth(API_KEY)).await
    }

    /// What the command line of this gateway prints, if it succeeds.
    pub async fn command(&self, arguments: &[&str]) -> Result<String> {
        let mut command = Command::new(program()?);
        command.arg("--home").arg(home_of(&self.home)).args(arguments).stdin(Stdio::null());
        let output = command.env("NO_COLOR", "1").output().await?;
        if !output.status.success() {
            bail!("{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        }
        Ok(String::from_utf8(output.stdout)?)
    }

    /// Takes every standing rule back.
    pub async fn revoke_rules(&self) -> Result<()> {
        let rules = self.get("/v1/rules").await?;
        for rule in rules.get("data").and_then(Value::as_array).context("no list")? {
            let url = self.url(&format!("/v1/rules/{}", text(rule, "rule_id")?));
            answer(self.client.delete(url).bearer_auth(API_KEY)).await?;
        }
        Ok(())
    }

    /// Tells the agent something in a new conversation; answers with the run as it was accepted.
    pub async fn tell(&self, input: &str) -> Result<Value> {
        self.post("/v1/runs", &json!({ "input": input })).await
    }

    /// Tells the agent something in the conversation of `run`.
    pub async fn tell_again(&self, run: &Value, input: &str) -> Result<Value> {
        self.post("/v1/runs", &json!({ "input": input, "session_id": text(run, "session_id")? }))
            .await
    }

    /// Decides an approval over the API.
    pub async fn resolve(&self, approval_id: &str, choice: &str) -> Result<Value> {
        let path = format!("/v1/approvals/{approval_id}/resolve");
        self.post(&path, &json!({ "choice": choice })).await
    }

    /// Waits for the end of `run` and answers with it.
    pub async fn ended(&self, run: &Value) -> Result<Value> {
        let path = format!("/v1/runs/{}", text(run, "run_id")?);
        until("the end of a run", async || {
            let run = self.get(&path).await?;
            let ended = ["completed", "failed", "cancelled"].map(Value::from);
            Ok(run.get("status").is_some_and(|status| ended.contains(status)).then_some(run))
        })
        .await
    }

    /// Waits until `count` approvals are pending, and answers with their ids, oldest first.
    pub async fn pending(&self, count: usize) -> Result<Vec<String>> {
        until("pending approvals", async || {
            let list = self.get("/v1/approvals?status=pending&limit=100").await?;
            let mut approvals =
                list.get("data").and_then(Value::as_array).context("no list")?.clone();
            approvals.sort_by_key(|approval| approval.get("created_at").map(Value::to_string));
            let ids: Result<Vec<String>> =
                approvals.iter().map(|approval| text(approval, "approval_id")).collect();
            Ok(Some(ids?).filter(|ids| ids.len() == count))
        })
        .await
    }
}

fn home_of(home: &TempDir) -> PathBuf {
    home.path().join("home")
}

fn client() -> Result<reqwest::Client> {
    // Where another member of the workspace asks for TLS without naming a provider, a client
    // cannot be made without one. A second installation is refused, which is fine.
    drop(rustls::crypto::ring::default_provider().install_default());
    Ok(reqwest::Client::builder().timeout(Duration::from_secs(20)).build()?)
}

async fn start(home: &Path, listen: &str, settings: &[Setting]) -> Result<Started> {
    let log = File::options().create(true).append(true).open(home.with_extension("log"))?;
    let mut command = Command::new(program()?);
    command.args(["up", "--listen", listen, "--home"]).arg(home);
    for (key, value) in settings {
        command.arg("--set").arg(format!("{key}={value}"));
    }
    command.env("API_SERVER_KEY", API_KEY).env("NO_COLOR", "1");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log).kill_on_drop(true);
    let mut child = command.spawn().context("the gateway does not start")?;
    let stdout = child.stdout.take().context("no standard output")?;
    let mut lines = BufReader::new(stdout).lines();
    let found = tokio::time::timeout(START_LIMIT, printed_link(&mut lines)).await;
    let link = match found {
        Ok(Ok(link)) => link,
        Ok(Err(error)) => bail!("{error:#}; its log:\n{}", log_of(home)),
        Err(_) => bail!("no sign-in link in time; its log:\n{}", log_of(home)),
    };
    tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
    let base = link.splitn(4, '/').take(3).collect::<Vec<_>>().join("/");
    Ok(Started { child, base, link })
}

async fn printed_link(lines: &mut Lines<BufReader<ChildStdout>>) -> Result<String> {
    while let Some(line) = lines.next_line().await? {
        let mut words = line.split_whitespace();
        if let Some(link) = words.find(|word| word.starts_with("http") && word.contains("cs_link_"))
        {
            return Ok(link.to_owned());
        }
    }
    bail!("the gateway ended before it printed a sign-in link")
}

fn log_of(home: &Path) -> String {
    std::fs::read_to_string(home.with_extension("log")).unwrap_or_default()
}

/// The program beside the test program, as Cargo builds it.
fn program() -> Result<PathBuf> {
    if let Some(given) = std::env::var_os("COUNTERSIGN_BIN") {
        return Ok(given.into());
    }
    let own = std::env::current_exe()?;
    let found = own.ancestors().skip(1).take(2).map(|dir| dir.join("countersign"));
    found
        .into_iter()
        .find(|path| path.is_file())
        .context("there is no program to test; build it: cargo build -p countersign-cli")
}

async fn answer(request: reqwest::RequestBuilder) -> Result<Value> {
    let response = request.send().await?;
    let status = response.status();
    let body: Value = response.json().await?;
    if !status.is_success() {
        bail!("the API answered {status}: {body}");
    }
    Ok(body)
}

/// The text in `field` of an answer.
pub fn text(value: &Value, field: &str) -> Result<String> {
    let found = value.get(field).and_then(Value::as_str);
    Ok(found.with_context(|| format!("no `{field}` in {value}"))?.to_owned())
}
