//! The one task of a node that writes.
//!
//! It takes everything that waits, and makes it durable with one commit. It is a task of its own so
//! that a caller that goes away in the middle of a request takes nothing along: what was handed over
//! is committed whole or refused whole.

use std::time::Duration;

use countersign_domain::audit::NodeName;
use countersign_ports::store::{Fault, StoreError, UnitOfWork};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep};

use super::fault::PgError;
use super::marks::{Mark, Marks};
use super::server::Server;
use super::session::Session;
use super::transaction::{Failed, InDoubt, Outcome, commit_together};
use crate::health::Health;

/// How many units may wait; further callers wait outside.
const WAITING: usize = 1024;

/// How many units one commit makes durable at most, so that the first does not wait for ever.
const BATCH: usize = 128;

/// For how long a batch is tried again after its connection was lost.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long to wait before the first further try; twice as long before each next one.
const PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// The way to the task.
#[derive(Debug, Clone)]
pub(super) struct Writer(mpsc::Sender<Message>);

#[derive(Debug)]
enum Message {
    Commit(Job),
    Close(oneshot::Sender<()>),
}

#[derive(Debug)]
struct Job {
    work: UnitOfWork,
    reply: oneshot::Sender<Outcome>,
}

impl Writer {
    /// Starts the task, which writes through `session` first, and names `node` in the audit log. It
    /// ends when it is closed or the last handle is gone.
    pub(super) fn start(
        (server, node): (Server, NodeName),
        (session, marks): (Session, Marks),
        health: Health,
    ) -> Self {
        let (sender, inbox) = mpsc::channel(WAITING);
        let watch = Watch(health.clone());
        let desk = Desk { server, session: Some(session), marks, node, health };
        tokio::spawn(async move {
            let _watch = watch;
            desk.serve_all(inbox).await;
        });
        Self(sender)
    }

    /// Returns when `work` is on stable storage, or why it is not.
    pub(super) async fn commit(&self, work: UnitOfWork) -> Outcome {
        let (reply, outcome) = oneshot::channel();
        self.0.send(Message::Commit(Job { work, reply })).await.map_err(|_| closed())?;
        outcome.await.map_err(|_| closed())?
    }

    /// Returns when everything accepted is written and the connection is closed.
    pub(super) async fn close(&self) {
        let (done, closed) = oneshot::channel();
        if self.0.send(Message::Close(done)).await.is_ok() && closed.await.is_err() {
            tracing::debug!("the writer had ended before it was closed");
        }
    }
}

/// Ends the store if the task ends by a panic: otherwise the process would stay and write nothing.
struct Watch(Health);

impl Drop for Watch {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.note(&StoreError::Broken {
                fault: Fault::Io,
                message: "the task that writes has died".to_owned(),
            });
        }
    }
}

/// What the task has.
struct Desk {
    server: Server,
    session: Option<Session>,
    marks: Marks,
    node: NodeName,
    health: Health,
}

impl Desk {
    async fn serve_all(mut self, mut inbox: mpsc::Receiver<Message>) {
        let mut closing = Vec::new();
        while let Some(first) = inbox.recv().await {
            let mut jobs = Vec::new();
            let mut next = Some(first);
            while let Some(message) = next {
                match message {
                    Message::Commit(job) => jobs.push(job),
                    Message::Close(done) => {
                        inbox.close();
                        closing.push(done);
                    }
                }
                next = if jobs.len() < BATCH { inbox.try_recv().ok() } else { None };
            }
            self.serve(jobs).await;
        }
        self.leave().await;
        for done in closing {
            tell(done, ());
        }
    }

    async fn serve(&mut self, jobs: Vec<Job>) {
        let (works, replies): (Vec<_>, Vec<_>) =
            jobs.into_iter().map(|job| (job.work, job.reply)).unzip();
        let outcomes = match self.health.check() {
            Ok(()) => self.commit(&works).await,
            Err(error) => Err(error),
        };
        match outcomes {
            Ok(outcomes) => {
                for (reply, outcome) in replies.into_iter().zip(outcomes) {
                    tell(reply, outcome);
                }
            }
            Err(error) => {
                self.health.note(&error);
                for reply in replies {
                    tell(reply, Err(error.clone()));
                }
            }
        }
    }

    /// Commits `works`, on another connection if this one is lost. Nothing is done twice: work is
    /// tried again only when it is known that the last try left nothing.
    async fn commit(&mut self, works: &[UnitOfWork]) -> Result<Vec<Outcome>, StoreError> {
        let until = Instant::now() + PATIENCE;
        let mut pause = PAUSE;
        loop {
            let Failed { error, in_doubt } = match self.try_once(works).await {
                Ok(outcomes) => return Ok(outcomes),
                Err(failed) => failed,
            };
            if let Some(in_doubt) = in_doubt.filter(|_| error.is_lost()) {
                if let Some(outcomes) = self.settled(in_doubt, &error).await? {
                    return Ok(outcomes);
                }
            } else if !error.may_pass() {
                return Err(error.into());
            }
            if Instant::now() + pause > until {
                return Err(error.into());
            }
            tracing::debug!(%error, "a commit is tried again");
            sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    async fn try_once(&mut self, works: &[UnitOfWork]) -> Result<Vec<Outcome>, Failed> {
        let session = self.connected().await?;
        let mark = self.marks.next();
        let outcomes = commit_together(&session, works, &self.node, mark).await?;
        self.session = Some(session);
        Ok(outcomes)
    }

    /// The outcomes of what was being committed when its connection was lost, or `None` if it was
    /// not: the database itself knows. An error if it cannot be asked in time.
    async fn settled(
        &mut self,
        in_doubt: InDoubt,
        error: &PgError,
    ) -> Result<Option<Vec<Outcome>>, StoreError> {
        let until = Instant::now() + PATIENCE;
        loop {
            match self.is_there(&in_doubt.mark).await {
                Ok(true) => return Ok(Some(in_doubt.outcomes)),
                Ok(false) => return Ok(None),
                // The server is away, or has not noticed yet that the other connection is lost.
                Err(problem) => tracing::debug!(%problem, "what was written cannot be found out"),
            }
            if Instant::now() >= until {
                return Err(unknown(error));
            }
            sleep(PAUSE).await;
        }
    }

    async fn is_there(&mut self, mark: &Mark) -> Result<bool, PgError> {
        let session = self.connected().await?;
        let is_there = mark.is_there(&session).await?;
        self.session = Some(session);
        Ok(is_there)
    }

    /// The connection, or another one if it is lost. Whoever takes it gives it back if all went well.
    async fn connected(&mut self) -> Result<Session, PgError> {
        match self.session.take().filter(|session| !session.is_closed()) {
            Some(session) => Ok(session),
            None => Session::open(&self.server).await,
        }
    }

    async fn leave(self) {
        if let Some(session) = self.session
            && let Err(error) = self.marks.remove(&session).await
        {
            tracing::debug!(%error, "a writer that has ended leaves its last mark behind");
        }
    }
}

/// The error where nobody knows.
fn unknown(error: &PgError) -> StoreError {
    StoreError::Unavailable(format!(
        "the connection was lost while a change was written, and whether it was written cannot be \
         found out now ({error})"
    ))
}

/// The error after the store was closed.
pub(super) fn closed() -> StoreError {
    StoreError::Unavailable("the store is closed".to_owned())
}

fn tell<T>(waiting: oneshot::Sender<T>, answer: T) {
    if waiting.send(answer).is_err() {
        tracing::debug!("whoever asked for a commit did not wait for it");
    }
}
