//! Reading beside the writer: a few connections, each used by one call at a time.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use countersign_ports::store::StoreError;
use futures::future::try_join_all;
use tokio::sync::Semaphore;
use tokio_postgres::Row;

use super::fault::PgError;
use super::server::Server;
use super::session::{Query, Session};
use super::writer::closed;
use crate::health::Health;

/// The connections that read. Each statement sees every commit before it, of any node.
#[derive(Debug, Clone)]
pub(crate) struct Lanes(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    server: Server,
    turns: Semaphore,
    idle: Mutex<Vec<Session>>,
    health: Health,
}

/// A connection in use. It goes back when its user does, also one who goes away without waiting for
/// the answer: a read leaves nothing open, and the next one waits for it.
struct Lane<'a> {
    shared: &'a Shared,
    session: Option<Session>,
}

impl Lanes {
    /// Readers of `server`, at most `most` at a time; connections are made when first needed.
    pub(crate) fn new(server: Server, most: usize, health: Health) -> Self {
        let turns = Semaphore::new(most.max(1));
        Self(Arc::new(Shared { server, turns, idle: Mutex::default(), health }))
    }

    /// What `query` finds.
    pub(super) async fn rows(&self, query: Query) -> Result<Vec<Row>, StoreError> {
        self.0.health.check()?;
        let _turn = self.0.turns.acquire().await.map_err(|_| closed())?;
        let found = match self.0.rows(&query).await {
            // A connection that was idle may have been dead for long. Reading twice does no harm.
            Err(error) if error.may_pass() => {
                self.0.idle().clear();
                self.0.rows(&query).await
            }
            found => found,
        };
        found.map_err(StoreError::from).inspect_err(|error| self.0.health.note(error))
    }

    /// What each of `queries` finds, sent one right behind the other.
    pub(super) async fn rows_of_each<const N: usize>(
        &self,
        queries: [Query; N],
    ) -> Result<[Vec<Row>; N], StoreError> {
        self.0.health.check()?;
        let _turn = self.0.turns.acquire().await.map_err(|_| closed())?;
        let found = match self.0.rows_of_each(&queries).await {
            Err(error) if error.may_pass() => {
                self.0.idle().clear();
                self.0.rows_of_each(&queries).await
            }
            found => found,
        };
        found.map_err(StoreError::from).inspect_err(|error| self.0.health.note(error))
    }

    /// Lets no further call in and closes the connections.
    pub(super) fn close(&self) {
        self.0.turns.close();
        self.0.idle().clear();
    }
}

impl Shared {
    async fn rows(&self, query: &Query) -> Result<Vec<Row>, PgError> {
        let [rows] = self.rows_of_each(std::array::from_ref(query)).await?;
        Ok(rows)
    }

    async fn rows_of_each<const N: usize>(
        &self,
        queries: &[Query; N],
    ) -> Result<[Vec<Row>; N], PgError> {
        let idle = self.idle().pop();
        let session = match idle.filter(|session| !session.is_closed()) {
            Some(session) => session,
            None => Session::open(&self.server).await?,
        };
        let mut lane = Lane { shared: self, session: Some(session) };
        let Some(session) = &lane.session else {
            return Ok(std::array::from_fn(|_| Vec::new()));
        };
        let found = try_join_all(queries.iter().map(|query| session.rows(query))).await;
        if found.as_ref().is_err_and(PgError::may_pass) {
            lane.session = None;
        }
        let mut found = found?.into_iter();
        Ok(std::array::from_fn(|_| found.next().unwrap_or_default()))
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Session>> {
        // The list is whole between any two statements, so a panic elsewhere does not spoil it.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Lane<'_> {
    fn drop(&mut self) {
        if let Some(session) = self.session.take()
            && !session.is_closed()
            && !self.shared.turns.is_closed()
        {
            self.shared.idle().push(session);
        }
    }
}
