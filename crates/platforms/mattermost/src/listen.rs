//! Keeping the connection, and giving the gateway what comes through it, in order and once.

use std::sync::Arc;
use std::time::Duration;

use countersign_domain::time::Timestamp;
use countersign_ports::platform::{
    AccountState, Inbound, Inbox, Message, NoteName, PlatformError, Receipt,
};
use futures::StreamExt as _;
use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::adapter::{Mattermost, TOKEN_REFUSED};
use crate::backoff::{Why, pause};
use crate::directory::Found;
use crate::id::{ChannelId, PostId};
use crate::lines::Lines;
use crate::reading::Reading;
use crate::rest::RestError;
use crate::resume::{Progress, Taken};
use crate::socket::{Socket, SocketError};
use crate::wire::{ChannelKind, Event, Frame, Post};

/// So many events wait for the gateway; then the server's own queue fills up.
const WAITING: usize = 1024;

/// How often it is noted how far one has read.
const NOTED_EVERY: Duration = Duration::from_secs(20);

/// How often something is brought to a gateway that cannot take it.
const BROUGHT: u32 = 8;

/// The first pause before it is brought again; it doubles.
const BRING_AGAIN: Duration = Duration::from_millis(250);

/// How often an answer is posted that the server does not take.
const ANSWERED: u32 = 6;

/// A connection that held for so long stood.
const STANDS: Duration = Duration::from_secs(30);

/// What could not be looked up is looked up again after so long.
const OWED_AGAIN: Duration = Duration::from_mins(1);

/// The name of the note of how far one has read.
const READ_UNTIL: &str = "read_until";

/// What is to be done with what came.
enum Work {
    /// A post.
    Posted(Box<Post>, ChannelKind),
    /// Something was missed.
    CatchUp,
}

/// What became of a post that was given to the gateway.
enum Outcome<'a> {
    /// The gateway has it, or nobody wants it.
    Done(Option<BoxFuture<'a, ()>>),
    /// The gateway could not take it for too long.
    Lost,
}

/// A post that was looked at: where it came from, and what became of it.
type Given<'a> = (ChannelId, PostId, Outcome<'a>);

impl Mattermost {
    pub(crate) async fn keep_listening(&self, inbox: &Arc<dyn Inbox>) -> PlatformError {
        let (sender, receiver) = mpsc::channel(WAITING);
        tokio::select! {
            error = self.keep_connected(&sender) => error,
            error = self.do_work(receiver, inbox) => error,
            error = self.keep_commands() => error,
        }
    }

    async fn keep_connected(&self, work: &mpsc::Sender<Work>) -> PlatformError {
        let mut progress = Progress::default();
        let (mut failed, mut since) = (0_u32, self.clock.now());
        loop {
            let outcome = self.connection(&mut progress, work).await;
            let Ended { error, stood } = outcome;
            if stood {
                (failed, since) = (0, self.clock.now());
            }
            let why = match error {
                SocketError::Token => {
                    tracing::error!(account = %self.about.account, "Mattermost does not accept the bot's token");
                    self.set_state(AccountState::Refused { why: TOKEN_REFUSED.to_owned() });
                    Why::Refused
                }
                SocketError::Broken(why) => {
                    tracing::warn!(account = %self.about.account, %why, "no connection to Mattermost");
                    self.set_state(AccountState::Reconnecting { since, why });
                    Why::Broken(failed)
                }
            };
            failed = failed.saturating_add(1);
            tokio::time::sleep(pause(why, self.random())).await;
        }
    }

    /// One connection, until it ends.
    async fn connection(&self, progress: &mut Progress, work: &mpsc::Sender<Work>) -> Ended {
        let before = |error| Ended { error, stood: false };
        // The socket does not say why it is closed; a request does.
        if let Err(error) = self.me_again().await {
            return before(if error == RestError::Token {
                SocketError::Token
            } else {
                SocketError::Broken(error.to_string())
            });
        }
        let resume = progress.resume();
        let mut socket =
            match Socket::open(self.rest.base(), self.rest.token(), resume.as_ref()).await {
                Ok(socket) => socket,
                Err(error) => return before(error),
            };
        self.set_state(AccountState::Connected);
        tracing::info!(account = %self.about.account, "connected to Mattermost");
        let since = Instant::now();
        loop {
            let event = match socket.next().await {
                Ok(Frame::Event(event)) => event,
                Ok(Frame::Answer(_)) => continue,
                Err(error) => return Ended { error, stood: since.elapsed() >= STANDS },
            };
            for piece in arrived(progress, &event) {
                if work.send(piece).await.is_err() {
                    return before(SocketError::Broken("nobody reads any more".to_owned()));
                }
            }
        }
    }

    async fn do_work(
        &self,
        mut work: mpsc::Receiver<Work>,
        inbox: &Arc<dyn Inbox>,
    ) -> PlatformError {
        let mut reading = self.reading().await;
        let mut lines: Lines<(Box<Post>, ChannelKind)> = Lines::default();
        let mut giving: FuturesUnordered<BoxFuture<'_, Given<'_>>> = FuturesUnordered::new();
        let mut answers: FuturesUnordered<BoxFuture<'_, ()>> = FuturesUnordered::new();
        // While something is looked up nothing newer is taken in, so that it comes in its order.
        let mut looking: Option<BoxFuture<'_, (i64, Found)>> = None;
        loop {
            while let Some((channel, (post, kind))) = lines.begin() {
                giving.push(Box::pin(async move {
                    let outcome = self.take(&post, kind, inbox).await;
                    (channel, post.id, outcome)
                }));
            }
            tokio::select! {
                next = work.recv(), if looking.is_none() && lines.held() < WAITING => match next {
                    None => return PlatformError::Unavailable("nobody brings anything".to_owned()),
                    Some(Work::Posted(post, kind)) => hear(&mut reading, &mut lines, post, kind),
                    Some(Work::CatchUp) => looking = self.missed(&mut reading),
                },
                Some((channel, post, outcome)) = giving.next(), if !giving.is_empty() => {
                    lines.done(&channel);
                    match outcome {
                        Outcome::Done(answer) => {
                            reading.done(&post);
                            answers.extend(answer);
                        }
                        Outcome::Lost => reading.lose(&post, Instant::now() + OWED_AGAIN),
                    }
                }
                Some(()) = answers.next(), if !answers.is_empty() => {}
                (since, found) = looked_up(&mut looking), if looking.is_some() => {
                    looking = None;
                    let again = Instant::now() + OWED_AGAIN;
                    reading.owed = (!found.whole).then_some((since, again));
                    for (post, kind) in found.posts {
                        hear(&mut reading, &mut lines, Box::new(post), kind);
                    }
                }
                () = reading.owed_again(), if looking.is_none() => {
                    looking = self.missed(&mut reading);
                }
            }
            self.note(&mut reading).await;
        }
    }

    /// Gives a post to the gateway; what it answers is still to be said.
    async fn take<'a>(
        &'a self,
        post: &Post,
        kind: ChannelKind,
        inbox: &Arc<dyn Inbox>,
    ) -> Outcome<'a> {
        self.known.note_kind(&post.channel_id, kind);
        let message = match self.message(post, kind).await {
            Ok(message) => message,
            Err(error) => {
                tracing::warn!(%error, "a post could not be read");
                return Outcome::Done(None);
            }
        };
        let answer = match bring(inbox, &message).await {
            Brought::Taken(Some(answer)) => answer,
            Brought::Taken(None) => return Outcome::Done(None),
            Brought::NotTaken => return Outcome::Lost,
        };
        let (id, address) = (format!("answer:{}", post.id), message.origin.address);
        Outcome::Done(Some(Box::pin(async move {
            for _ in 0..ANSWERED {
                let pause = match self.say(&id, &address, &answer).await {
                    Ok(_) => return,
                    Err(PlatformError::SlowDown(pause)) => pause,
                    Err(PlatformError::Unavailable(_)) => Duration::from_secs(1),
                    Err(PlatformError::Refused(why)) => {
                        tracing::warn!(%why, "an answer could not be posted");
                        return;
                    }
                };
                tokio::time::sleep(pause).await;
            }
        })))
    }

    /// How far the last process, or node, has read.
    async fn reading(&self) -> Reading {
        let noted = match self.notes.read(&self.note_name(READ_UNTIL)).await {
            Ok(noted) => noted,
            Err(error) => {
                tracing::warn!(%error, "how far was read is not known; nothing is looked up");
                None
            }
        };
        // Nobody has read before: from now on nothing is missed, whenever the connection stands.
        let now = || self.clock.now().as_millis();
        let until = noted.and_then(|noted| noted.parse().ok()).unwrap_or_else(now);
        Reading::from(until)
    }

    async fn note(&self, reading: &mut Reading) {
        let due = reading.noted.is_none_or(|noted| noted.elapsed() >= NOTED_EVERY);
        // Another process, or node, begins where something is still owed.
        let until = reading.settled();
        if let (true, Some(until)) = (due, until) {
            reading.noted = Some(Instant::now());
            if let Err(error) =
                self.notes.write(&self.note_name(READ_UNTIL), until.to_string()).await
            {
                tracing::warn!(%error, "how far was read could not be noted");
            }
        }
    }

    /// The name of a note of this bot.
    pub(crate) fn note_name(&self, name: &'static str) -> NoteName {
        let (platform, account) = (self.about.platform.clone(), self.about.account.clone());
        NoteName { platform, account, name }
    }

    pub(crate) fn random(&self) -> u64 {
        self.entropy
            .secret()
            .into_iter()
            .take(8)
            .fold(0, |number, byte| number << 8 | u64::from(byte))
    }

    /// Looks up what may have been missed, if anything was ever read.
    fn missed(&self, reading: &mut Reading) -> Option<BoxFuture<'_, (i64, Found)>> {
        let since = reading.look()?;
        Some(Box::pin(async move { (since, self.posts_since(since).await) }))
    }

    /// The oldest time of which posts are looked up.
    pub(crate) fn oldest(&self, span: Duration) -> i64 {
        Timestamp::before(self.clock.now(), span).as_millis()
    }
}

/// How a connection ended.
struct Ended {
    error: SocketError,
    /// Whether there was one for a while: what breaks at once is tried ever more rarely.
    stood: bool,
}

/// What is looked up, once it is.
async fn looked_up(looking: &mut Option<BoxFuture<'_, (i64, Found)>>) -> (i64, Found) {
    match looking {
        Some(looking) => looking.await,
        None => std::future::pending().await,
    }
}

/// A post has come; one that came before has not.
fn hear(
    reading: &mut Reading,
    lines: &mut Lines<(Box<Post>, ChannelKind)>,
    post: Box<Post>,
    kind: ChannelKind,
) {
    if reading.is_new(&post) {
        let channel = post.channel_id.clone();
        lines.push(&channel, (post, kind));
    }
}

/// What an event gives to do.
fn arrived(progress: &mut Progress, event: &Event) -> Vec<Work> {
    let is_first = progress.resume().is_none();
    let taken = match (event.kind.as_str(), event.text("connection_id")) {
        ("hello", Some(connection)) => progress.hello(connection, event.seq),
        _ => progress.event(event.seq),
    };
    let mut work = Vec::new();
    // Before the first connection of this process another one, or another node, had one.
    if taken == Taken::Lost || is_first {
        work.push(Work::CatchUp);
    }
    if taken != Taken::Before && event.kind == "posted" {
        let kind = ChannelKind::from_letter(event.text("channel_type").unwrap_or_default());
        if let Some(post) = event.post() {
            work.push(Work::Posted(Box::new(post), kind));
        } else {
            tracing::warn!("a post cannot be read");
        }
    }
    work
}

/// What became of a message that was brought.
enum Brought {
    /// The gateway took or dropped it; what is to be answered.
    Taken(Option<String>),
    /// It could not take it for too long.
    NotTaken,
}

/// Brings a message until the gateway takes it.
async fn bring(inbox: &Arc<dyn Inbox>, message: &Message) -> Brought {
    let mut pause = BRING_AGAIN;
    for _ in 0..BROUGHT {
        match inbox.receive(Inbound::Message(message.clone())).await {
            Receipt::Taken(answer) => {
                return Brought::Taken(answer.filter(|answer| !answer.trim().is_empty()));
            }
            Receipt::Stray(answer) => return Brought::Taken(Some(answer)),
            Receipt::Dropped => return Brought::Taken(None),
            Receipt::Later => {
                tokio::time::sleep(pause).await;
                pause *= 2;
            }
        }
    }
    tracing::error!(post = %message.origin.delivery, "the gateway could not take a message for too long; it is brought again");
    Brought::NotTaken
}
