//! What every commit leaves behind, so that its writer can tell afterwards whether it was made.
//!
//! A transaction's number does not tell: after a crash the server gives the numbers of what it lost
//! to others. So each writer has a row of its own, and each of its transactions puts its own number
//! there. Who holds the write lock and finds the number knows that the commit was made; who does not
//! find it knows that it was not and never will be, since its transaction held that lock.

use super::fault::PgError;
use super::session::{Query, Session, query};
use super::transaction::{BEGIN, COMMIT, LOCK};

/// A name that nobody else has.
const NAME: &str = "SELECT gen_random_uuid()::text";

/// Rows of writers that ended without a word; one that has only been idle puts its row anew.
pub(super) const SWEEP: &str = "DELETE FROM commits WHERE at < now() - interval '1 day'";

pub(super) const PUT: &str = "INSERT INTO commits (writer, number) VALUES (?1, ?2) \
     ON CONFLICT (writer) DO UPDATE SET number = excluded.number, at = excluded.at";
pub(super) const FIND: &str = "SELECT 1 FROM commits WHERE writer = ?1 AND number = ?2";
pub(super) const REMOVE: &str = "DELETE FROM commits WHERE writer = ?1";

/// The marks of one writer.
#[derive(Debug)]
pub(super) struct Marks {
    writer: String,
    number: i64,
}

/// What one transaction leaves behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mark {
    writer: String,
    number: i64,
}

impl Marks {
    /// Those of a new writer.
    pub(super) async fn of_new_writer(session: &Session) -> Result<Self, PgError> {
        session.run(&query!(SWEEP)).await?;
        let rows = session.rows(&query!(NAME)).await?;
        let row = rows.first().ok_or_else(|| super::plan::missing("a name"))?;
        Ok(Self { writer: row.try_get(0)?, number: 0 })
    }

    /// One that was not there before.
    pub(super) fn next(&mut self) -> Mark {
        self.number += 1;
        Mark { writer: self.writer.clone(), number: self.number }
    }

    /// Removes what the last one left: nobody is going to ask.
    pub(super) async fn remove(self, session: &Session) -> Result<(), PgError> {
        session.run(&query!(REMOVE, self.writer)).await.map(drop)
    }
}

impl Mark {
    /// Leaves it, in the transaction that is open.
    pub(super) fn put(&self) -> Query {
        query!(PUT, self.writer.clone(), self.number)
    }

    /// Whether its transaction was committed. Waits until that one is over.
    pub(super) async fn is_there(&self, session: &Session) -> Result<bool, PgError> {
        let opening = [query!(BEGIN), query!(LOCK)];
        for answer in session.run_all(opening.iter()).await? {
            answer?;
        }
        let rows = session.rows(&query!(FIND, self.writer.clone(), self.number)).await?;
        session.run(&query!(COMMIT)).await?;
        Ok(!rows.is_empty())
    }
}
