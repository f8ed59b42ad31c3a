//! `doctor`: whether everything that a gateway needs is as it should be, and what to do where it is not.
//!
//! It looks, and changes nothing in the home; a bot makes one slash command and removes it again.

pub(super) mod bridge;
mod bus;
mod clock;
mod disk;
mod house;
pub(super) mod model;
pub(super) mod platforms;
pub(super) mod running;
mod store;

use std::path::PathBuf;

use clap::Args;
use serde_json::{Value, json};

use super::{Global, JsonFlag};
use crate::config::Loaded;
use crate::environment::Environment;
use crate::failure::{Answer, Failure, Outcome};
use crate::home::{Home, HomeError, Running};
use crate::output::{Screen, Tone, inert_line};

/// Check everything that a gateway needs, and say what to do for each thing that is wrong.
///
/// Works with the gateway running or not; what only a running one can show is left out then. Start it
/// with the environment of the gateway, since secrets may be in there.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  countersign doctor
  countersign doctor --json

Exit codes: 0 nothing has failed, 1 something has, 2 usage error.")]
pub(crate) struct DoctorArgs {
    /// The configuration file [default: config.yaml in the home directory]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(flatten)]
    json: JsonFlag,
}

/// How something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    Good,
    /// Something works less well, or will be needed soon.
    Poor,
    Bad,
    /// It cannot be looked at now.
    Skipped,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Finding {
    check: String,
    /// How it is.
    pub(super) status: Status,
    says: String,
}

/// What is looked at.
pub(super) struct Patient<'a> {
    pub(super) home: &'a Home,
    pub(super) loaded: &'a Loaded,
    pub(super) environment: &'a Environment,
    pub(super) running: Option<&'a Running>,
}

/// What was found so far.
struct Report {
    screen: Screen,
    json: JsonFlag,
    found: Vec<Finding>,
}

/// The longest line about one thing, in characters.
const LONGEST: usize = 1000;

/// Looks at everything, and says what was found as it is found.
pub(crate) async fn run(args: DoctorArgs, global: &Global) -> Outcome {
    let mut report = Report { screen: Screen::detect(), json: args.json, found: Vec::new() };
    let (home, problems) = Home::examine(&Home::place(global.home.as_deref())?);
    report.add(house::home(&home, &problems))?;
    let file = args.config.unwrap_or_else(|| home.config());
    let (loaded, says) = house::config(&file);
    report.add([says])?;
    let keys = house::keys(&home);
    report.add([keys.finding])?;
    let Some(loaded) = loaded else {
        report.add(disk::room([home.root().to_owned()]))?;
        let what = "nothing else can be looked at before the configuration can be read";
        report.add([Finding::skipped("everything else", what)])?;
        return report.end();
    };
    let environment = Environment::unchecked();
    report.add([house::environment(&loaded, &environment)])?;
    let running = home.running();
    let patient = Patient {
        home: &home,
        loaded: &loaded,
        environment: &environment,
        running: running.as_ref().ok(),
    };
    report.add(disk::room(disk::places(&patient)))?;
    let (says, newest) = match problems.iter().find(|one| matches!(one, HomeError::Open { .. })) {
        // What is made beside the database would be as open.
        Some(_) => (Finding::skipped("store", "not opened while others may look into it"), None),
        None => store::store(&patient).await,
    };
    report.add([says])?;
    report.add(running::gateway(&patient, running.as_ref().err()).await)?;
    report.add(running::public_address(&patient, keys.gateway.as_deref()).await)?;
    report.add([bus::bus(&patient).await])?;
    report.add(model::models(&patient).await)?;
    report.add([clock::clock(&patient, newest).await])?;
    report.add(platforms::bots(&patient, keys.gateway.is_some()).await)?;
    report.add(bridge::bridge(&patient).await)?;
    report.end()
}

impl Finding {
    fn new(check: impl Into<String>, status: Status, says: impl Into<String>) -> Self {
        let says = says.into();
        let says = says.lines().map(str::trim).collect::<Vec<_>>().join(" ");
        Self { check: check.into(), status, says }
    }

    fn good(check: impl Into<String>, says: impl Into<String>) -> Self {
        Self::new(check, Status::Good, says)
    }

    fn poor(check: impl Into<String>, says: impl Into<String>) -> Self {
        Self::new(check, Status::Poor, says)
    }

    fn bad(check: impl Into<String>, says: impl Into<String>) -> Self {
        Self::new(check, Status::Bad, says)
    }

    fn skipped(check: impl Into<String>, says: impl Into<String>) -> Self {
        Self::new(check, Status::Skipped, says)
    }

    /// What a command that failed says of it.
    fn failed(check: impl Into<String>, failure: &Failure) -> Self {
        Self::bad(check, failure.message().unwrap_or("the output is closed"))
    }

    /// A line for people.
    pub(super) fn line(&self, screen: Screen) -> String {
        let Self { check, status, says } = self;
        let word = format!("{:<8}", status.as_str());
        let (check, says) = (inert_line(check, 60), inert_line(says, LONGEST));
        format!("{} {check:<18} {says}", screen.tone(status.tone(), &word))
    }

    fn to_json(&self) -> Value {
        let Self { check, status, says } = self;
        json!({"check": check, "status": status.as_str(), "message": says})
    }
}

impl Status {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Good => "ok",
            Self::Poor => "warning",
            Self::Bad => "failed",
            Self::Skipped => "skipped",
        }
    }

    const fn tone(self) -> Tone {
        match self {
            Self::Good => Tone::Good,
            Self::Poor => Tone::Warn,
            Self::Bad => Tone::Bad,
            Self::Skipped => Tone::Dim,
        }
    }
}

impl Report {
    fn add(&mut self, found: impl IntoIterator<Item = Finding>) -> Result<(), Failure> {
        for finding in found {
            if !self.json.json {
                self.screen.line(finding.line(self.screen))?;
            }
            self.found.push(finding);
        }
        Ok(())
    }

    fn end(self) -> Outcome {
        let count = |status| self.found.iter().filter(|one| one.status == status).count();
        let (bad, poor) = (count(Status::Bad), count(Status::Poor));
        if self.json.json {
            let data: Vec<Value> = self.found.iter().map(Finding::to_json).collect();
            self.screen.json(&json!({"ok": bad == 0, "data": data}))?;
        } else {
            let looked = self.found.len();
            self.screen.line(format!("\n{looked} checks: {bad} failed, {poor} warnings"))?;
        }
        Ok(if bad == 0 { Answer::Yes } else { Answer::No })
    }
}
