//! `up`: runs the gateway in the foreground.

use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use countersign_agent::providers::ollama_hint;
use countersign_domain::guard::Mode;
use countersign_gateway::Caller;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::{Global, connections};
use crate::config::{Loaded, Override, load};
use crate::environment::Environment;
use crate::failure::{Answer, Failure, Outcome};
use crate::home::{Home, HomeLock, Start, check_private};
use crate::logging::{self, LogFormat};
use crate::model;
use crate::output::{Screen, Tone, inert_line};
use crate::serve::{self, Serving};

/// Run the gateway in the foreground.
///
/// The first start makes the home directory with a commented config.yaml and the database.
/// SIGTERM or Ctrl-C drains: no new runs, pending approvals stay in the store; a second one ends
/// the process at once.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  countersign up
  countersign up --listen 127.0.0.1:0 --set approvals.timeout=30m
  countersign up --set 'approvals.deny=[\"shutdown *\", \"reboot\"]'")]
pub(crate) struct UpArgs {
    /// The configuration file [default: config.yaml in the home directory]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Address and port to listen on; port 0 takes a free one
    #[arg(long, value_name = "ADDR")]
    listen: Option<String>,
    /// Overrides a key of the configuration for this process; the value is YAML
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// Print no sign-in link
    #[arg(long)]
    no_browser_link: bool,
    /// How log lines look
    #[arg(long, value_enum, default_value_t)]
    log_format: LogFormat,
}

/// The signals that end the gateway.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

/// Signals within this time are one signal.
const TOGETHER: Duration = Duration::from_millis(500);

/// Runs the gateway until it is told to stop.
pub(crate) async fn run(args: UpArgs, global: &Global) -> Outcome {
    logging::start(args.log_format, "info")?;
    let mut signals = Signals::listen()?;
    let screen = Screen::detect();
    let environment = Environment::read()?;
    let (home, start) = Home::prepare(&Home::place(global.home.as_deref())?)?;
    let loaded = configuration(&args, &home)?;
    let lock = HomeLock::take(&home)?;
    let mut serving = serve::start(&home, lock, &loaded, &environment).await?;
    serving.composition.gateway.allow_restart();
    let told = banner(screen, &args, &loaded, &serving, (&home, start)).await;
    if let Err(error) = told {
        // A closed standard output is no reason not to serve.
        tracing::debug!(message = ?error.message(), "the start could not be announced");
    }
    let gateway = serving.composition.gateway.clone();
    let after = tokio::select! {
        () = signals.next() => After::End,
        () = gateway.restart_requested() => After::Restart,
        why = serving.failed() => return Err(serving.give_up(why).await),
    };
    drop(gateway);
    tokio::select! {
        drained = serving.drain() => drained?,
        () = signals.again() => {
            return Err(Failure::Refused("cut off by a second signal".to_owned()));
        }
    }
    match after {
        After::End => Ok(Answer::Yes),
        After::Restart => Err(restart()),
    }
}

/// What follows the drained end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum After {
    End,
    Restart,
}

/// This program begins anew, with the same arguments, in the same process. Returns only if it
/// cannot.
fn restart() -> Failure {
    let mut arguments = std::env::args_os();
    let called = arguments.next();
    // After an upgrade the path of the running program is no longer there, but its name is.
    let program = std::env::current_exe().ok().filter(|path| path.exists());
    let program = program.or_else(|| called.map(PathBuf::from)).unwrap_or_default();
    tracing::info!("restarting");
    let error = std::process::Command::new(&program).args(arguments).exec();
    Failure::Refused(format!("{} could not be started again: {error}", program.display()))
}

fn configuration(args: &UpArgs, home: &Home) -> Result<Loaded, Failure> {
    let file = args.config.clone().unwrap_or_else(|| home.config());
    check_private(&file)?;
    let overrides: Result<Vec<_>, _> = args
        .set
        .iter()
        .map(|argument| Override::parse(argument))
        .chain(args.listen.iter().map(|address| Ok(Override::listen(address))))
        .collect();
    Ok(load(&file, &overrides?)?)
}

impl Signals {
    fn listen() -> Result<Self, Failure> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }

    /// The next signal that is meant as a second one. Signals that come together with the first do
    /// not count: a terminal or `timeout` tells the whole process group, and so may a parent.
    async fn again(&mut self) {
        let together = tokio::time::sleep(TOGETHER);
        tokio::pin!(together);
        loop {
            tokio::select! {
                () = &mut together => break,
                () = self.next() => {}
            }
        }
        self.next().await;
    }
}

/// Says what runs, where, with which model, and what is unusual about it.
async fn banner(
    screen: Screen,
    args: &UpArgs,
    loaded: &Loaded,
    serving: &Serving,
    (home, start): (&Home, Start),
) -> Result<(), Failure> {
    let config = &loaded.config;
    screen.line(format!(
        "{} {}",
        screen.tone(Tone::Strong, "Countersign"),
        env!("CARGO_PKG_VERSION")
    ))?;
    if start == Start::First {
        screen.line(format!("  first start  made {}", home.root().display()))?;
    }
    let base = config.gateway.public_url.as_deref();
    let base = base.unwrap_or(&serving.announcement.url).trim_end_matches('/');
    screen.line(format!("  web page     {base}/"))?;
    if !args.no_browser_link {
        let made = serving.composition.gateway.new_sign_in_link(&Caller::operator()).await;
        let token = made.map_err(Failure::refused)?.token;
        screen.line(format!(
            "  sign in      {base}/sign-in?token={}  (once, within 15 minutes)",
            token.reveal()
        ))?;
    }
    screen.line(format!("  listening    {}", serving.announcement.address))?;
    screen.line(format!("  workspace    {}", serving.composition.workspace.display()))?;
    mode(screen, serving)?;
    for (name, what) in connections::lines(loaded, serving).await? {
        screen.line(format!("  {name:<12} {what}"))?;
    }
    model_in_use(screen, loaded, serving).await
}

fn mode(screen: Screen, serving: &Serving) -> Result<(), Failure> {
    match serving.composition.gateway.settings().mode {
        Mode::Manual => screen.line("  approvals    manual: every question is put to a person")?,
        Mode::Off => {
            let loud = "OFF: NOBODY IS ASKED. Only what is forbidden does not run.";
            screen.line(format!("  approvals    {}", screen.tone(Tone::Bad, loud)))?;
            tracing::warn!("approvals.mode is off: nobody is asked");
        }
    }
    Ok(())
}

async fn model_in_use(screen: Screen, loaded: &Loaded, serving: &Serving) -> Result<(), Failure> {
    let model = &loaded.config.model;
    if !model::is_rehearsal(model) {
        let name = inert_line(&serving.composition.about.model, 80);
        screen.line(format!("  model        {name} at {}", model.address()))?;
        return Ok(());
    }
    screen.line(format!(
        "  model        {} (built in: it does what a message says, such as `run ls`)",
        screen.tone(Tone::Warn, "rehearsal")
    ))?;
    let (what, lines) = match ollama_hint(model::OLLAMA).await {
        Some(models) => (
            "Ollama answers on this machine. To use it, add to config.yaml:",
            model::ollama_lines(&models),
        ),
        None => ("For a real model, add to config.yaml:", model::REAL_MODEL.to_owned()),
    };
    screen.line(format!("\n{what}\n\n{}", indented(&lines)))?;
    Ok(())
}

fn indented(text: &str) -> String {
    let lines = text.lines().map(|line| format!("  {line}"));
    lines.collect::<Vec<_>>().join("\n")
}
