//! The one thread that writes.
//!
//! It takes everything that waits, puts it into one transaction, and commits once: under load one
//! flush makes many units durable. Each unit has its own savepoint, so one that is refused leaves
//! nothing and disturbs no other.

use std::thread;

use countersign_domain::audit::NodeName;
use countersign_ports::store::{Fault, StoreError, UnitOfWork};
use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use super::apply::apply;
use super::checkpoint::Copier;
use super::fault::SqlError;
use super::reader::closed;
use crate::health::{Health, ends_the_store};

/// How many units may wait; further callers wait outside.
const WAITING: usize = 1024;

/// How many units one commit makes durable at most, so that the first does not wait for ever.
const BATCH: usize = 128;

type Outcome = Result<(), StoreError>;

/// The way to the thread.
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
    /// Starts the thread, which names `node` in the audit log. It ends when it is closed or the last handle is gone.
    pub(super) fn start(
        (connection, copier): (Connection, Copier),
        node: NodeName,
        health: Health,
    ) -> Result<Self, StoreError> {
        let (sender, inbox) = mpsc::channel(WAITING);
        thread::Builder::new()
            .name("sqlite-writer".to_owned())
            .spawn(move || {
                let watch = Watch(health);
                run((connection, copier), inbox, &node, &watch.0);
            })
            .map_err(|error| StoreError::Unavailable(error.to_string()))?;
        Ok(Self(sender))
    }

    /// Returns when `work` is on stable storage, or why it is not.
    pub(super) async fn commit(&self, work: UnitOfWork) -> Outcome {
        let (reply, outcome) = oneshot::channel();
        self.0.send(Message::Commit(Job { work, reply })).await.map_err(|_| closed())?;
        outcome.await.map_err(|_| closed())?
    }

    /// Returns when everything accepted is written and the file is closed.
    pub(super) async fn close(&self) {
        let (done, closed) = oneshot::channel();
        if self.0.send(Message::Close(done)).await.is_ok() && closed.await.is_err() {
            tracing::debug!("the writer had ended before it was closed");
        }
    }
}

/// Ends the store if the thread ends by a panic: otherwise the process would stay and write nothing.
struct Watch(Health);

impl Drop for Watch {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.note(&StoreError::Broken {
                fault: Fault::Io,
                message: "the thread that writes has died".to_owned(),
            });
        }
    }
}

fn run(
    (mut connection, copier): (Connection, Copier),
    mut inbox: mpsc::Receiver<Message>,
    node: &NodeName,
    health: &Health,
) {
    let mut closing = Vec::new();
    while let Some(first) = inbox.blocking_recv() {
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
        serve(&mut connection, jobs, node, health);
    }
    copier.end(&mut connection);
    if let Err((_, error)) = connection.close() {
        tracing::warn!(%error, "the database was not closed cleanly");
    }
    for done in closing {
        tell(done, ());
    }
}

fn serve(connection: &mut Connection, jobs: Vec<Job>, node: &NodeName, health: &Health) {
    let (works, replies): (Vec<_>, Vec<_>) =
        jobs.into_iter().map(|job| (job.work, job.reply)).unzip();
    let outcomes = health
        .check()
        .and_then(|()| commit_together(connection, &works, node).map_err(StoreError::from));
    match outcomes {
        Ok(outcomes) => {
            for (reply, outcome) in replies.into_iter().zip(outcomes) {
                tell(reply, outcome);
            }
        }
        Err(error) => {
            health.note(&error);
            for reply in replies {
                tell(reply, Err(error.clone()));
            }
        }
    }
}

/// Commits `works` in one transaction: the outcome of each, or the error that undid them all.
///
/// Refusals too are told only after the commit: the loser of a race reads again at once, and must
/// then see the winner.
fn commit_together(
    connection: &Connection,
    works: &[UnitOfWork],
    node: &NodeName,
) -> Result<Vec<Outcome>, SqlError> {
    run_sql(connection, "BEGIN IMMEDIATE")?;
    let outcomes = works
        .iter()
        .map(|work| apply_one(connection, work, node))
        .collect::<Result<Vec<_>, _>>()
        .and_then(|outcomes| run_sql(connection, "COMMIT").map(|()| outcomes));
    // Some errors end the transaction by themselves.
    if outcomes.is_err()
        && !connection.is_autocommit()
        && let Err(error) = run_sql(connection, "ROLLBACK")
    {
        tracing::warn!(%error, "a transaction that failed could not be rolled back");
    }
    outcomes
}

/// Applies all of `work` or nothing. The outer error is one that ends the whole transaction.
fn apply_one(
    connection: &Connection,
    work: &UnitOfWork,
    node: &NodeName,
) -> Result<Outcome, SqlError> {
    run_sql(connection, "SAVEPOINT unit")?;
    let applied = work.changes.iter().try_for_each(|change| apply(connection, change, node));
    let outcome = match applied {
        Ok(()) => Ok(()),
        Err(error) if connection.is_autocommit() => return Err(error),
        Err(error) => {
            let error = StoreError::from(error);
            if ends_the_store(&error) {
                return Err(error.into());
            }
            run_sql(connection, "ROLLBACK TO unit")?;
            Err(error)
        }
    };
    run_sql(connection, "RELEASE unit")?;
    Ok(outcome)
}

fn run_sql(connection: &Connection, sql: &str) -> Result<(), SqlError> {
    connection.prepare_cached(sql)?.execute([])?;
    Ok(())
}

fn tell<T>(waiting: oneshot::Sender<T>, answer: T) {
    if waiting.send(answer).is_err() {
        tracing::debug!("whoever asked for a commit did not wait for it");
    }
}
