//! `setup`: the first configuration, asked for or given by options, tried out before it is written.

mod answers;
mod questions;

use std::path::Path;

use clap::Args;

use self::answers::Answers;
use self::questions::Questions;
use super::doctor::{Finding, Patient, Status, bridge, model, platforms, running};
use super::{Global, config, keys};
use crate::config::{Loaded, edit, load, parse_key};
use crate::environment::Environment;
use crate::failure::{Answer, Failure, Outcome};
use crate::home::{Home, write_private};
use crate::output::Screen;
use crate::typed_lines::is_person;

/// Set up a gateway: model, address, chat platforms, and a key for the first admin.
///
/// Asks one thing after the other; what is given as an option is not asked. Everything is tried out
/// before anything is written, and what you have written yourself stays, comments too. Where nobody can
/// be asked, only the options count.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  countersign setup
  countersign setup --yes --provider openai --base-url http://127.0.0.1:11434/v1 --model qwen3:8b
  countersign setup --yes --mattermost-url https://chat.example.org --mattermost-allow k5w8ann…

Exit codes: 0 it is written, 1 it was not because something has failed, 2 usage or configuration error.")]
pub(crate) struct SetupArgs {
    #[command(flatten)]
    answers: Answers,
    /// Ask nothing: what is not given stays as it is
    #[arg(long, short)]
    yes: bool,
    /// Write it although something has failed
    #[arg(long)]
    force: bool,
}

/// Asks, tries, writes.
pub(crate) async fn run(args: SetupArgs, global: &Global) -> Outcome {
    let SetupArgs { mut answers, yes, force } = args;
    let screen = Screen::detect();
    let (home, _) = Home::prepare(&Home::place(global.home.as_deref())?)?;
    let file = home.config();
    let before = load(&file, &[])?;
    let mut questions = (!yes && is_person()).then(|| Questions::start(screen));
    if let Some(questions) = &mut questions {
        answers.ask(questions, &before).await?;
    }
    let text = std::fs::read_to_string(&file)?;
    let (edited, loaded) = changed(&file, &text, &answers)?;
    config::validate(&loaded)?;
    let bad = tried(screen, &home, &loaded).await?;
    if bad > 0 && !force {
        let what = match bad {
            1 => "one thing does not work yet".to_owned(),
            more => format!("{more} things do not work yet"),
        };
        let write = match &mut questions {
            Some(questions) => questions.agreed(&format!("{what}. Write it all the same?")).await?,
            None => false,
        };
        if !write {
            screen.line(format!("{what}: nothing is written (--force writes it all the same)"))?;
            return Ok(Answer::No);
        }
    }
    if edited == text {
        screen.line(format!("{} stays as it is", file.display()))?;
    } else {
        let told = |error| Failure::Refused(format!("{}: {error}", file.display()));
        write_private(&file, &edited).map_err(told)?;
        screen.line(format!("written: {}", file.display()))?;
    }
    if let Some(name) = answers.admin() {
        keys::create_for_admin(screen, name, global).await?;
    }
    screen.line(match home.running() {
        Ok(_) => "The gateway that runs takes it at its next start.",
        Err(_) => "Now start the gateway: countersign up",
    })?;
    Ok(Answer::Yes)
}

/// The file as it will be. Nothing is written here.
fn changed(file: &Path, text: &str, answers: &Answers) -> Result<(String, Loaded), Failure> {
    let (mut text, mut loaded) = (text.to_owned(), load(file, &[])?);
    for (key, value) in answers.keys(&loaded) {
        let path = parse_key(&key).map_err(Failure::usage)?;
        let edited = match value {
            Some(value) => edit::set(file, &text, &path, &value),
            None => edit::unset(file, &text, &path),
        };
        (text, loaded) = edited.map_err(Failure::usage)?;
    }
    Ok((text, loaded))
}

/// Tries what can be tried before a start; how much of it has failed.
async fn tried(screen: Screen, home: &Home, loaded: &Loaded) -> Result<usize, Failure> {
    let environment = Environment::unchecked();
    let running = home.running().ok();
    let patient = Patient { home, loaded, environment: &environment, running: running.as_ref() };
    let mut found = model::models(&patient).await;
    if running.is_none() {
        found.extend(running::gateway(&patient, None).await);
    }
    // Bots prove themselves with what follows from the signing keys, which are made here if need be.
    found.extend(platforms::servers(&patient, true).await);
    found.extend(bridge::bridge(&patient).await);
    for finding in &found {
        screen.line(finding.line(screen))?;
    }
    let failed = |finding: &&Finding| finding.status == Status::Bad;
    Ok(found.iter().filter(failed).count())
}
