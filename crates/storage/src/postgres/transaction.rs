//! Committing many units at once, in one transaction.
//!
//! Whoever writes holds one lock from the beginning to the end of its transaction, on whichever node
//! it is: that makes the audit log one chain, and numbers events in the order of commits. At most
//! one node writes at a time, but it writes everything that waits there.

use std::collections::BTreeMap;

use countersign_domain::audit::{Head, NodeName};
use countersign_ports::store::{StoreError, UnitOfWork};

use super::fault::{PgError, Violation, violation};
use super::marks::Mark;
use super::plan::callers::taken;
use super::plan::{Ledger, Must, Need, Step, conflict, missing, need, steps};
use super::reads::{count, digest, document};
use super::session::{Query, Session, query};
use crate::catalogue::{access, approvals};

/// What became of one unit.
pub(super) type Outcome = Result<(), StoreError>;

pub(super) const BEGIN: &str = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE";
/// Named after a table, so that two gateways in two schemas of one database do not wait for each
/// other. Held until the commit is visible to everybody.
pub(super) const LOCK: &str =
    "SELECT pg_advisory_xact_lock(1129539438, 'audit'::regclass::oid::int)";
/// Where the audit log stands. A statement of its own: what it sees is what was committed before the
/// lock was had.
pub(super) const STAND: &str = "SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1";
pub(super) const COMMIT: &str = "COMMIT";

/// Why a transaction did not end as it should.
#[derive(Debug)]
pub(super) struct Failed {
    pub(super) error: PgError,
    /// What was being committed when it failed: nobody knows whether it was.
    pub(super) in_doubt: Option<InDoubt>,
}

/// A transaction whose commit was not confirmed.
#[derive(Debug)]
pub(super) struct InDoubt {
    /// What is there if it was committed.
    pub(super) mark: Mark,
    /// What is true if it was committed.
    pub(super) outcomes: Vec<Outcome>,
}

impl From<PgError> for Failed {
    fn from(error: PgError) -> Self {
        Self { error, in_doubt: None }
    }
}

/// Commits `works`: the outcome of each, or what undid them all. Refusals too are told only after
/// the commit: the loser of a race reads again at once, and must then see the winner.
///
/// After an error the session must not be used again.
pub(super) async fn commit_together(
    session: &Session,
    works: &[UnitOfWork],
    node: &NodeName,
    mark: Mark,
) -> Result<Vec<Outcome>, Failed> {
    if works.iter().all(|work| work.changes.is_empty()) {
        try_lock(session).await?;
        return Ok(works.iter().map(|_| Ok(())).collect());
    }
    let head = begin(session, &mark).await?;
    let ledger = Ledger { node, head, rules: BTreeMap::new(), keys: BTreeMap::new() };
    let outcomes = match in_one_go(session, works, ledger.clone()).await? {
        Gone::Well => works.iter().map(|_| Ok(())).collect(),
        Gone::Wrong => {
            // Somebody is to be refused: who, is found out one by one.
            run(session, query!("ROLLBACK")).await?;
            let ledger = Ledger { head: begin(session, &mark).await?, ..ledger };
            one_by_one(session, works, ledger).await?
        }
    };
    match session.run(&query!(COMMIT)).await {
        Ok(_) => Ok(outcomes),
        Err(error) => Err(Failed { error, in_doubt: Some(InDoubt { mark, outcomes }) }),
    }
}

/// Takes the write lock and writes nothing: asking often must not wear the disk.
async fn try_lock(session: &Session) -> Result<(), PgError> {
    for sql in [BEGIN, LOCK, COMMIT] {
        run(session, query!(sql)).await?;
    }
    Ok(())
}

/// Opens a transaction that holds the lock and leaves `mark`: where the audit log stands.
async fn begin(session: &Session, mark: &Mark) -> Result<Head, PgError> {
    let opening = [query!(BEGIN), query!(LOCK), mark.put()];
    let (answers, stand) = session.run_all_and_find(opening.iter(), &query!(STAND)).await?;
    for answer in answers {
        answer?;
    }
    match stand?.first() {
        Some(row) => Ok(Head { seq: count(row, 0)?, hash: digest(row, 1)? }),
        None => Ok(Head::EMPTY),
    }
}

enum Gone {
    Well,
    Wrong,
}

/// Sends everything at once. Whoever is to be refused spoils it for all.
async fn in_one_go(
    session: &Session,
    works: &[UnitOfWork],
    mut ledger: Ledger<'_>,
) -> Result<Gone, PgError> {
    let changes = || works.iter().flat_map(|work| &work.changes);
    for wanted in changes().filter_map(need) {
        look_up(session, wanted, &mut ledger).await?;
    }
    let mut all = Vec::new();
    for change in changes() {
        match steps(change, &mut ledger) {
            Ok(steps) => all.extend(steps),
            Err(_) => return Ok(Gone::Wrong),
        }
    }
    let answers = session.run_all(all.iter().map(|step| &step.query)).await?;
    for (step, answer) in all.iter().zip(answers) {
        match answer {
            Ok(rows) if rows == 1 || matches!(step.must, Must::Anything) => {}
            Err(error) if error.is_lost() => return Err(error),
            Ok(_) | Err(_) => return Ok(Gone::Wrong),
        }
    }
    Ok(Gone::Well)
}

/// Each unit behind a savepoint of its own, so one that is refused leaves nothing and disturbs no
/// other.
async fn one_by_one(
    session: &Session,
    works: &[UnitOfWork],
    mut ledger: Ledger<'_>,
) -> Result<Vec<Outcome>, PgError> {
    let mut outcomes = Vec::with_capacity(works.len());
    for work in works {
        run(session, query!("SAVEPOINT unit")).await?;
        let head = ledger.head;
        let outcome = match apply(session, work, &mut ledger).await {
            Ok(()) => Ok(()),
            Err(error) if error.may_pass() => return Err(error),
            Err(error) => {
                let error = StoreError::from(error);
                if let StoreError::Broken { .. } = error {
                    return Err(error.into());
                }
                run(session, query!("ROLLBACK TO SAVEPOINT unit")).await?;
                ledger.head = head;
                Err(error)
            }
        };
        run(session, query!("RELEASE SAVEPOINT unit")).await?;
        outcomes.push(outcome);
    }
    Ok(outcomes)
}

async fn apply(
    session: &Session,
    work: &UnitOfWork,
    ledger: &mut Ledger<'_>,
) -> Result<(), PgError> {
    for change in &work.changes {
        // What the ledger holds may be from a unit that was undone.
        ledger.rules.clear();
        ledger.keys.clear();
        if let Some(wanted) = need(change) {
            look_up(session, wanted, ledger).await?;
        }
        for step in steps(change, ledger)? {
            carry_out(session, &step).await?;
        }
    }
    Ok(())
}

async fn carry_out(session: &Session, step: &Step) -> Result<(), PgError> {
    let answer = session.run(&step.query).await;
    match (&step.must, answer) {
        (Must::Anything, Ok(_)) | (_, Ok(1)) => Ok(()),
        (Must::Add { id, parent, name }, Err(error)) => Err(match violation(&error) {
            Some(Violation::Taken(constraint)) => taken(id, name.as_ref(), &constraint).into(),
            Some(Violation::NoParent) => missing(parent).into(),
            None => error,
        }),
        (Must::Fit { id, look }, Ok(_)) => {
            Err(match session.rows(&query!(*look, id)).await?.first() {
                Some(_) => conflict(id).into(),
                None => missing(id).into(),
            })
        }
        (Must::Send { destination, .. }, Ok(_)) => Err(conflict(destination).into()),
        (Must::Send { grant, .. }, Err(error)) => Err(match violation(&error) {
            Some(Violation::Taken(_)) => conflict(grant).into(),
            Some(Violation::NoParent) | None => error,
        }),
        (Must::Else(error), Ok(_)) => Err(error.clone().into()),
        (Must::Add { id, .. }, Ok(_)) => Err(conflict(id).into()),
        (Must::Anything | Must::Fit { .. } | Must::Else(_), Err(error)) => Err(error),
    }
}

async fn look_up(session: &Session, wanted: Need, ledger: &mut Ledger<'_>) -> Result<(), PgError> {
    match wanted {
        Need::Rule(id) => {
            let rows = session.rows(&query!(approvals::RULE, id.to_string())).await?;
            if let Some(row) = rows.first() {
                ledger.rules.insert(id, document(row)?);
            }
        }
        Need::Key(id) => {
            let rows = session.rows(&query!(access::KEY, id.to_string())).await?;
            if let Some(row) = rows.first() {
                ledger.keys.insert(id, document(row)?);
            }
        }
    }
    Ok(())
}

async fn run(session: &Session, query: Query) -> Result<(), PgError> {
    session.run(&query).await.map(drop)
}
