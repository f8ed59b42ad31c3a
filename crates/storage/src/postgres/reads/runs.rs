//! Runs, sessions and their journals.

use async_trait::async_trait;
use countersign_domain::ids::{CallId, RunId, SessionId};
use countersign_domain::runs::{Entry, Run, Session, ToolCall};
use countersign_ports::store::{
    Journal, Page, PageRequest, RunFilter, RunReads, StoreError, Versioned,
};
use tokio_postgres::Row;

use super::{all, count, document, format, limit, one, page, parsed, versioned};
use crate::catalogue::{self, runs as sql};
use crate::document::decode;
use crate::postgres::fault::PgError;
use crate::postgres::lanes::Lanes;
use crate::postgres::session::{Query, query};
use crate::postgres::value::{Value, values};

#[async_trait]
impl RunReads for Lanes {
    async fn run(&self, id: RunId) -> Result<Option<Versioned<Run>>, StoreError> {
        one(&self.rows(query!(sql::RUN, id.to_string())).await?, versioned)
    }

    async fn runs(
        &self,
        filter: RunFilter,
        request: PageRequest<RunId>,
    ) -> Result<Page<Run, RunId>, StoreError> {
        let values = [
            filter.session_id.map(|id| id.to_string()),
            filter.status.map(|status| status.as_str().to_owned()),
            filter.requested_by.map(|principal| principal.to_string()),
        ];
        let rows = self.rows(page_query(sql::TABLE, &sql::FILTERS, values, &request)).await?;
        Ok(page(all(&rows, document)?, request.limit, |run: &Run| run.id))
    }

    async fn unfinished(&self) -> Result<Vec<Run>, StoreError> {
        all(&self.rows(query!(sql::UNFINISHED)).await?, document)
    }

    async fn active_in(&self, session: SessionId) -> Result<Option<RunId>, StoreError> {
        let rows = self.rows(query!(sql::ACTIVE_IN, session.to_string())).await?;
        one(&rows, |row| parsed(row, 0, "run id"))
    }

    async fn working(&self) -> Result<u64, StoreError> {
        let rows = self.rows(query!(sql::WORKING)).await?;
        Ok(one(&rows, |row| count(row, 0))?.unwrap_or(0))
    }

    async fn session(&self, id: SessionId) -> Result<Option<Session>, StoreError> {
        one(&self.rows(query!(sql::SESSION, id.to_string())).await?, document)
    }

    async fn sessions(
        &self,
        request: PageRequest<SessionId>,
    ) -> Result<Page<Session, SessionId>, StoreError> {
        let rows = self.rows(page_query(sql::SESSIONS, &[], [], &request)).await?;
        Ok(page(all(&rows, document)?, request.limit, |session: &Session| session.id))
    }

    async fn entries_of_run(&self, run: RunId) -> Result<Vec<Entry>, StoreError> {
        all(&self.rows(query!(sql::ENTRIES_OF_RUN, run.to_string())).await?, entry)
    }

    async fn calls(&self, run: RunId) -> Result<Vec<Versioned<ToolCall>>, StoreError> {
        all(&self.rows(query!(sql::CALLS, run.to_string())).await?, versioned)
    }

    async fn journal(&self, run: RunId, last: usize) -> Result<Option<Journal>, StoreError> {
        let id = run.to_string();
        let queries = [
            query!(sql::RUN, id.clone()),
            query!(sql::LAST_ENTRIES_BEFORE, id.clone(), limit(last)),
            query!(sql::ENTRIES_OF_RUN, id.clone()),
            query!(sql::CALLS, id),
        ];
        let [run, earlier, entries, calls] = self.rows_of_each(queries).await?;
        let Some(run) = one(&run, versioned)? else { return Ok(None) };
        let mut earlier = all(&earlier, entry)?;
        earlier.reverse();
        let (entries, calls) = (all(&entries, entry)?, all(&calls, versioned)?);
        Ok(Some(Journal { run, earlier, entries, calls }))
    }

    async fn call(&self, id: CallId) -> Result<Option<Versioned<ToolCall>>, StoreError> {
        one(&self.rows(query!(sql::CALL, id.to_string())).await?, versioned)
    }
}

fn entry(row: &Row) -> Result<Entry, PgError> {
    let place = format!("{}/{}", row.try_get::<_, &str>(0)?, row.try_get::<_, i64>(3)?);
    Ok(decode(format(row, 1)?, row.try_get(2)?, place)?)
}

/// The statement and parameters for a page of `table`: one row more than is wanted.
pub(super) fn page_query<Id: ToString, const N: usize>(
    table: &str,
    columns: &[&'static str; N],
    wanted: [Option<String>; N],
    request: &PageRequest<Id>,
) -> Query {
    let before = request
        .before
        .as_ref()
        .map_or_else(|| catalogue::AFTER_EVERY_ID.to_owned(), ToString::to_string);
    let mut names = Vec::new();
    let mut values = values![before, limit(request.limit.saturating_add(1))];
    for (column, value) in columns.iter().zip(wanted) {
        if let Some(value) = value {
            names.push(*column);
            values.push(Value::from(value));
        }
    }
    Query { sql: catalogue::page(table, &names).into(), values }
}
