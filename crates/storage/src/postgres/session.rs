//! One connection, and the statements that it has prepared.

use std::collections::HashMap;
use std::pin::{Pin, pin};
use std::sync::{Mutex, PoisonError};
use std::task::Poll;
use std::time::Duration;

use futures::TryStreamExt as _;
use tokio::time::timeout;
use tokio_postgres::{Client, NoTls, Row, Statement};

use super::dialect::dialect;
use super::fault::PgError;
use super::server::Server;
use super::value::Value;

/// How long one answer may take before the connection is given up. The server gives up its side
/// somewhat earlier.
const ANSWER_S: u64 = 40;

/// For every connection. A node that stops in the middle of a transaction holds the write lock: the
/// server ends its session well before `nodes.lease_ttl` is over. Without `synchronous_commit` a
/// commit is confirmed before it is durable, so a server that was told to do without is told
/// otherwise.
const SETUP: &str = "
    SET idle_in_transaction_session_timeout = '5s';
    SET lock_timeout = '15s';
    SET statement_timeout = '30s';
    SET client_min_messages = 'warning';
    SELECT set_config('synchronous_commit', 'on', false)
        WHERE current_setting('synchronous_commit') IN ('off', 'local');
";

/// A statement with its values.
#[derive(Debug, Clone)]
pub(super) struct Query {
    pub(super) sql: std::borrow::Cow<'static, str>,
    pub(super) values: Vec<Value>,
}

/// A connection. Nothing is sent by anybody else, and dropping it closes it: the server then undoes
/// what was not committed.
pub(super) struct Session {
    client: Client,
    prepared: Mutex<HashMap<String, Statement>>,
}

impl Session {
    /// Connects to `server`.
    pub(super) async fn open(server: &Server) -> Result<Self, PgError> {
        let client = match &server.tls {
            None => {
                let (client, connection) = in_time(server.config.connect(NoTls)).await?;
                tokio::spawn(connection_ends(connection));
                client
            }
            Some(tls) => {
                let (client, connection) = in_time(server.config.connect(tls.clone())).await?;
                tokio::spawn(connection_ends(connection));
                client
            }
        };
        in_time(client.batch_execute(SETUP)).await?;
        Ok(Self { client, prepared: Mutex::new(HashMap::new()) })
    }

    /// Whether nothing more can come of it.
    pub(super) fn is_closed(&self) -> bool {
        self.client.is_closed()
    }

    /// The driver's own handle.
    pub(super) const fn client(&self) -> &Client {
        &self.client
    }

    /// Statements without values, as they are.
    pub(super) async fn script(&self, sql: &str) -> Result<(), PgError> {
        in_time(self.client.batch_execute(sql)).await
    }

    /// What `query` finds.
    pub(super) async fn rows(&self, query: &Query) -> Result<Vec<Row>, PgError> {
        let statement = self.prepared(query).await?;
        in_time(async {
            let rows = self.client.query_raw(&statement, query.values.iter()).await?;
            pin!(rows).try_collect().await
        })
        .await
    }

    /// How many rows `query` changed or found.
    pub(super) async fn run(&self, query: &Query) -> Result<u64, PgError> {
        let statement = self.prepared(query).await?;
        in_time(self.client.execute_raw(&statement, query.values.iter())).await
    }

    /// The same for many, sent one right behind the other without waiting for answers, and carried
    /// out in their order.
    pub(super) async fn run_all<'q>(
        &self,
        queries: impl Iterator<Item = &'q Query> + Clone,
    ) -> Result<Vec<Result<u64, PgError>>, PgError> {
        let statements = self.all_prepared(queries.clone()).await?;
        Ok(land(self.take_off(queries, &statements).await).await)
    }

    /// The same, and what `last` finds, which is carried out after all others.
    pub(super) async fn run_all_and_find<'q>(
        &self,
        queries: impl Iterator<Item = &'q Query> + Clone,
        last: &Query,
    ) -> Result<(Vec<Result<u64, PgError>>, Result<Vec<Row>, PgError>), PgError> {
        // All of them before any is sent: preparing waits for an answer, and changes their order.
        let statements = self.all_prepared(queries.clone()).await?;
        let statement = self.prepared(last).await?;
        let flights = self.take_off(queries, &statements).await;
        let mut finding = pin!(in_time(async {
            let rows = self.client.query_raw(&statement, last.values.iter()).await?;
            pin!(rows).try_collect().await
        }));
        let found = match futures::poll!(finding.as_mut()) {
            Poll::Ready(found) => Some(found),
            Poll::Pending => None,
        };
        let answers = land(flights).await;
        let found = match found {
            Some(found) => found,
            None => finding.await,
        };
        Ok((answers, found))
    }

    async fn all_prepared<'q>(
        &self,
        queries: impl Iterator<Item = &'q Query>,
    ) -> Result<Vec<Statement>, PgError> {
        let mut statements = Vec::new();
        for query in queries {
            statements.push(self.prepared(query).await?);
        }
        Ok(statements)
    }

    /// Sends them without waiting for answers.
    async fn take_off<'a, 'q: 'a>(
        &'a self,
        queries: impl Iterator<Item = &'q Query>,
        statements: &'a [Statement],
    ) -> Vec<Airborne<'a>> {
        let mut flights = Vec::with_capacity(statements.len());
        for (query, statement) in queries.zip(statements) {
            let mut flight: Flight<'_> =
                Box::pin(self.client.execute_raw(statement, query.values.iter()));
            // A request leaves when it is first looked at.
            let landed = match futures::poll!(flight.as_mut()) {
                Poll::Ready(answer) => Some(answer),
                Poll::Pending => None,
            };
            flights.push((flight, landed));
        }
        flights
    }

    async fn prepared(&self, query: &Query) -> Result<Statement, PgError> {
        if let Some(known) = self.statements().get(query.sql.as_ref()) {
            return Ok(known.clone());
        }
        let kinds: Vec<_> = query.values.iter().map(Value::kind).collect();
        let sql = dialect(&query.sql);
        let statement = in_time(self.client.prepare_typed(&sql, &kinds)).await?;
        self.statements().insert(query.sql.to_string(), statement.clone());
        Ok(statement)
    }

    fn statements(&self) -> std::sync::MutexGuard<'_, HashMap<String, Statement>> {
        // The map is whole between any two statements, so a panic elsewhere does not spoil it.
        self.prepared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session").field("closed", &self.is_closed()).finish_non_exhaustive()
    }
}

/// The answers, in order.
async fn land(flights: Vec<Airborne<'_>>) -> Vec<Result<u64, PgError>> {
    let mut answers = Vec::with_capacity(flights.len());
    for (flight, landed) in flights {
        answers.push(match landed {
            Some(answer) => answer.map_err(PgError::from),
            None => in_time(flight).await,
        });
    }
    answers
}

/// A request on its way, and its answer if that came at once.
type Airborne<'a> = (Flight<'a>, Option<Result<u64, tokio_postgres::Error>>);

type Flight<'a> = Pin<Box<dyn Future<Output = Result<u64, tokio_postgres::Error>> + Send + 'a>>;

/// Whoever uses the session learns of its end from its own next request.
async fn connection_ends(connection: impl Future<Output = Result<(), tokio_postgres::Error>>) {
    if let Err(error) = connection.await {
        tracing::debug!(error = super::fault::words(&error), "a database connection has ended");
    }
}

async fn in_time<T>(
    answer: impl Future<Output = Result<T, tokio_postgres::Error>>,
) -> Result<T, PgError> {
    match timeout(Duration::from_secs(ANSWER_S), answer).await {
        Ok(answer) => Ok(answer?),
        Err(_) => Err(PgError::Silent(ANSWER_S)),
    }
}

/// A statement of the catalogue with its values.
macro_rules! query {
    ($sql:expr $(, $value:expr)* $(,)?) => {
        $crate::postgres::session::Query {
            sql: ::std::borrow::Cow::from($sql),
            values: $crate::postgres::value::values![$($value),*],
        }
    };
}

pub(super) use query;
