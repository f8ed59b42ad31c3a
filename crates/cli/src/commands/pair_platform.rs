//! `platforms pair`: linking an account that a bridge is to.

use std::io::{self, Write as _};
use std::time::Duration;

use clap::Args;
use countersign_whatsapp_platform::{TERMS, TERMS_TEXT, Terms};
use serde_json::Value;

use super::{Global, config};
use crate::client::{Client, ConnectArgs};
use crate::config::{Loaded, load};
use crate::failure::{Answer, Failure, Outcome};
use crate::home::Home;
use crate::output::Screen;
use crate::typed_lines::{TypedLines, is_person};

/// The key that names the accepted terms.
const KEY: &str = "whatsapp.bridge.accepted_terms";

/// How often is asked how it stands. Codes change every 20 seconds or so.
const PAUSE: Duration = Duration::from_secs(2);

/// Link an account: accept what that means, and scan a code with the phone.
///
/// Whoever scans the code links the account: show it to nobody else.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  countersign platforms pair whatsapp
  countersign platforms pair whatsapp --accept-terms linked-device-2026-11

Exit codes: 0 it is linked, 1 it is not, 2 usage or configuration error, 3 the gateway is not running.")]
pub(crate) struct PairArgs {
    /// The platform
    platform: Paired,
    /// The name of the terms, where nobody can be asked
    #[arg(long, value_name = "NAME")]
    accept_terms: Option<String>,
    #[command(flatten)]
    connect: ConnectArgs,
}

/// A platform with an account to link.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Paired {
    Whatsapp,
}

/// Links the account.
pub(crate) async fn run(args: PairArgs, global: &Global) -> Outcome {
    let PairArgs { platform: Paired::Whatsapp, accept_terms, connect } = args;
    let screen = Screen::detect();
    // The terms of another machine's gateway are in its own configuration.
    if connect.url.is_none() && !accepted(screen, accept_terms, global).await? {
        return Ok(Answer::No);
    }
    follow(screen, &connect.client(global)?).await
}

/// Whether the terms were accepted before; asks if they were not.
async fn accepted(screen: Screen, given: Option<String>, global: &Global) -> Result<bool, Failure> {
    let home = Home::open(&Home::place(global.home.as_deref())?)?;
    let loaded = load(&home.config(), &[])?;
    let Some(bridge) = &loaded.config.whatsapp.bridge else {
        return Err(no_bridge(&loaded));
    };
    if Terms::accepted_as(bridge.accepted_terms.as_deref()) == Terms::Accepted {
        return Ok(true);
    }
    let name = match given {
        Some(name) => name,
        None => ask(screen).await?,
    };
    if name != TERMS {
        screen
            .line(format!("not accepted: nothing is changed, and nothing is linked ({TERMS})"))?;
        return Ok(false);
    }
    config::set_key(&home.config(), KEY, TERMS)?;
    screen.line(format!("{KEY} is {TERMS}"))?;
    if home.running().is_ok() {
        screen.line("Start the gateway again, and run this once more for the code.")?;
    } else {
        screen.line(
            "Start the gateway with `countersign up`, and run this once more for the code.",
        )?;
    }
    Ok(false)
}

fn no_bridge(loaded: &Loaded) -> Failure {
    let what = "no bridge is configured; `managed: /usr/local/bin/countersign-whatsapp` has the \
                gateway start one";
    loaded.problem("whatsapp.bridge", what).into()
}

async fn ask(screen: Screen) -> Result<String, Failure> {
    screen.line(TERMS_TEXT.trim_end())?;
    if !is_person() {
        let what = format!("nobody can be asked here: give --accept-terms {TERMS} if you accept");
        return Err(Failure::Usage(what));
    }
    screen.text(&format!("\nType `{TERMS}` to accept, or anything else to leave: "))?;
    Ok(TypedLines::start().next().await.unwrap_or_default().trim().to_owned())
}

/// Shows one code after the other until one of them is scanned.
async fn follow(screen: Screen, client: &Client) -> Outcome {
    let (mut shown, mut told) = (Value::Null, String::new());
    loop {
        let answer: Value = client.get("/v1/whatsapp/pairing").await?;
        let word = |name: &str| answer.get(name).and_then(Value::as_str).unwrap_or_default();
        match (word("state"), answer.pointer("/code/text").and_then(Value::as_str)) {
            ("linked", _) => {
                let part = |name: &str| {
                    let found = answer.pointer(&format!("/account/{name}"));
                    found.and_then(Value::as_str).unwrap_or("a number that is not known").to_owned()
                };
                screen.line(format!("linked to {}", part("number")))?;
                return Ok(Answer::Yes);
            }
            ("code", Some(text)) => {
                let until = answer.pointer("/code/expires_at").cloned().unwrap_or_default();
                if until != shown {
                    shown = until;
                    show(screen, text)?;
                }
            }
            _ => {
                let line = match word("why") {
                    "" => "waiting for a code".to_owned(),
                    why => format!("waiting for a code: {why}"),
                };
                if line != told {
                    screen.line(&line)?;
                    told = line;
                }
            }
        }
        tokio::select! {
            () = tokio::time::sleep(PAUSE) => {}
            stopped = tokio::signal::ctrl_c() => {
                stopped?;
                screen.line("not linked")?;
                return Ok(Answer::No);
            }
        }
    }
}

/// The gateway has made sure that there are blocks alone in it.
fn show(screen: Screen, text: &str) -> io::Result<()> {
    screen.line("On the phone: Settings, Linked devices, Link a device. Then scan:\n")?;
    if !screen.is_terminal() {
        return screen.text(text);
    }
    // Dark on light, whatever the terminal's own colours are.
    let mut out = io::stdout().lock();
    for line in text.lines() {
        writeln!(out, "\u{1b}[30;107m{line}\u{1b}[0m")?;
    }
    out.flush()
}
