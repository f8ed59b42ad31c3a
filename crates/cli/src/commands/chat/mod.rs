//! `chat`: talks to the agent from the terminal, approvals answered inline.
//!
//! Through the running gateway; without one it runs a gateway for as long as the chat lasts.

mod asking;
mod turn;

use std::path::PathBuf;

use clap::Args;
use countersign_ports::clock::Clock as _;
use serde_json::{Value, json};
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::runs::run_id;
use super::{Global, JsonFlag};
use crate::client::{Client, ConnectArgs};
use crate::clock::SystemClock;
use crate::config::{Override, load};
use crate::environment::Environment;
use crate::failure::{Answer, Failure, Outcome};
use crate::home::{Home, HomeError, HomeLock, NotRunning};
use crate::output::{Screen, Tone, aside, inert, inert_line};
use crate::serve::{self, Serving};
use crate::typed_lines::{TypedLines, is_person};

use self::turn::{End, Turn};

/// Talk to the agent.
///
/// Slash commands work as in every chat: /help lists them, /quit leaves. Approvals are asked inline
/// and answered with a word; an empty line decides nothing. Without a
/// terminal they are left pending, and it is said how to decide them.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  countersign chat
  countersign chat 'run ls -l'
  countersign chat --session sess_0196… 'and now the tests'")]
pub(crate) struct ChatArgs {
    /// What to say; without it a conversation begins
    message: Option<String>,
    /// The session to go on in
    #[arg(long, value_name = "ID")]
    session: Option<String>,
    /// Without a terminal: wait until others have decided
    #[arg(long)]
    wait: bool,
    /// Print the run as JSON when it has ended
    #[command(flatten)]
    json: JsonFlag,
    #[command(flatten)]
    connect: ConnectArgs,
}

/// The gateway that is talked to.
enum Partner {
    Running(Client),
    Own(Client, Box<Serving>),
}

/// One conversation.
struct Chat<'a> {
    client: &'a Client,
    screen: Screen,
    args: &'a ChatArgs,
    typed: TypedLines,
    interrupt: Signal,
    /// The chat at the gateway that this conversation is.
    name: String,
    /// The session that it is to go on in, until that was said.
    wanted: Option<String>,
    session: Option<String>,
}

/// Says one thing, or has a conversation.
pub(crate) async fn run(args: ChatArgs, global: &Global) -> Outcome {
    let partner = Partner::find(&args.connect, global).await?;
    let client = partner.client().clone();
    let mut chat = Chat {
        client: &client,
        screen: Screen::detect(),
        typed: TypedLines::start(),
        interrupt: signal(SignalKind::interrupt())?,
        name: format!("{}-{}", SystemClock.now().as_millis(), std::process::id()),
        wanted: args.session.clone(),
        session: args.session.clone(),
        args: &args,
    };
    let outcome = match &args.message {
        Some(message) => chat.say(message).await,
        None => chat.converse().await,
    };
    partner.leave().await?;
    outcome
}

/// Says something in a chat; what the gateway makes of it.
async fn say(
    client: &Client,
    chat: &str,
    text: &str,
    session: Option<String>,
) -> Result<Value, Failure> {
    let body = json!({"chat": chat, "text": text, "session_id": session});
    Ok(client.post("/v1/chat", &body).await?)
}

impl Partner {
    async fn find(connect: &ConnectArgs, global: &Global) -> Result<Self, Failure> {
        if connect.url.is_some() {
            return connect.client(global).map(Self::Running);
        }
        let root = Home::place(global.home.as_deref())?;
        let running = Home::open(&root).map_err(NotRunning::Home);
        match running.and_then(|home| home.running()) {
            Ok(_) => connect.client(global).map(Self::Running),
            Err(NotRunning::Stopped(_) | NotRunning::Home(HomeError::Missing(_))) => {
                Self::own(root).await
            }
            Err(error) => Err(error.into()),
        }
    }

    async fn own(root: PathBuf) -> Result<Self, Failure> {
        let (home, _) = Home::prepare(&root)?;
        let loaded = load(&home.config(), &[Override::listen("127.0.0.1:0")])?;
        let lock = HomeLock::take(&home)?;
        let serving = serve::start(&home, lock, &loaded, &Environment::read()?).await?;
        aside(&format!(
            "No gateway runs on {}: this chat runs one until it ends. Model: {}.",
            home.root().display(),
            inert_line(&serving.composition.about.model, 80)
        ));
        let client = Client::new(&serving.announcement.url, &serving.token)?;
        Ok(Self::Own(client, Box::new(serving)))
    }

    const fn client(&self) -> &Client {
        match self {
            Self::Running(client) | Self::Own(client, _) => client,
        }
    }

    async fn leave(self) -> Result<(), Failure> {
        match self {
            Self::Running(_) => Ok(()),
            Self::Own(_, serving) => serving.drain().await,
        }
    }
}

impl Chat<'_> {
    /// One message or command, and what is made of it.
    async fn say(&mut self, message: &str) -> Outcome {
        let said = say(self.client, &self.name, message, self.wanted.take()).await?;
        if let Some(session) = said.get("session_id").and_then(Value::as_str) {
            self.session = Some(session.to_owned());
        }
        let quiet = self.args.json.json;
        if let Some(reply) = said.get("reply").and_then(Value::as_str).filter(|_| !quiet) {
            self.screen.line(inert(reply))?;
        }
        if said.get("run_id").is_none_or(Value::is_null) {
            if quiet {
                self.screen.json(&said)?;
            }
            return Ok(Answer::Yes);
        }
        let run = run_id(&said)?;
        let turn = Turn::new((self.client, self.screen), (&run, &self.name), self.args);
        let end = turn.follow(&mut self.typed, &mut self.interrupt).await?;
        if self.args.json.json {
            let run: Value = self.client.get(&format!("/v1/runs/{run}")).await?;
            self.screen.json(&run)?;
        }
        match end {
            End::Completed => Ok(Answer::Yes),
            End::Otherwise | End::LeftPending => Ok(Answer::No),
        }
    }

    async fn converse(&mut self) -> Outcome {
        let mut last = Answer::Yes;
        loop {
            if is_person() {
                self.screen.text(&self.screen.tone(Tone::Strong, "you> "))?;
            }
            let line = tokio::select! {
                line = self.typed.next() => line,
                _ = self.interrupt.recv() => None,
            };
            let Some(line) = line else { break };
            match line.trim() {
                "" => {}
                "/quit" | "/exit" => break,
                message => last = self.say(message).await?,
            }
        }
        if let Some(session) = &self.session {
            aside(&format!("To go on: countersign chat --session {session}"));
        }
        Ok(last)
    }
}
