//! Runs, sessions and their journals.

use async_trait::async_trait;
use countersign_domain::ids::{CallId, RunId, SessionId};
use countersign_domain::runs::{Entry, Run, Session, ToolCall};
use countersign_ports::store::{
    Journal, Page, PageRequest, RunFilter, RunReads, StoreError, Versioned,
};
use rusqlite::{Row, params, params_from_iter, types::Value};

use super::{
    SqlError, all, count, document, documents, in_one_picture, limit, one, page, parsed, text,
    versioned,
};
use crate::catalogue::{self, runs as sql};
use crate::document::decode;
use crate::sqlite::reader::Readers;

#[async_trait]
impl RunReads for Readers {
    async fn run(&self, id: RunId) -> Result<Option<Versioned<Run>>, StoreError> {
        self.look(move |tx| one(tx, sql::RUN, [id.to_string()], versioned)).await
    }

    async fn runs(
        &self,
        filter: RunFilter,
        request: PageRequest<RunId>,
    ) -> Result<Page<Run, RunId>, StoreError> {
        let wanted = request.limit;
        let values = [
            filter.session_id.map(|id| id.to_string()),
            filter.status.map(|status| status.as_str().to_owned()),
            filter.requested_by.map(|principal| principal.to_string()),
        ];
        let query = page_query(sql::TABLE, &sql::FILTERS, values, &request);
        let items = self.read(move |tx| documents(tx, &query.0, params_from_iter(query.1))).await?;
        Ok(page(items, wanted, |run: &Run| run.id))
    }

    async fn unfinished(&self) -> Result<Vec<Run>, StoreError> {
        self.read(|tx| documents(tx, sql::UNFINISHED, [])).await
    }

    async fn active_in(&self, session: SessionId) -> Result<Option<RunId>, StoreError> {
        self.look(move |tx| {
            let session = session.to_string();
            one(tx, sql::ACTIVE_IN, [session], |row| parsed(row, 0, "run id"))
        })
        .await
    }

    async fn working(&self) -> Result<u64, StoreError> {
        self.read(|tx| Ok(one(tx, sql::WORKING, [], |row| count(row, 0))?.unwrap_or(0))).await
    }

    async fn session(&self, id: SessionId) -> Result<Option<Session>, StoreError> {
        self.look(move |tx| document(tx, sql::SESSION, [id.to_string()])).await
    }

    async fn sessions(
        &self,
        request: PageRequest<SessionId>,
    ) -> Result<Page<Session, SessionId>, StoreError> {
        let wanted = request.limit;
        let query = page_query(sql::SESSIONS, &[], [], &request);
        let items = self.read(move |tx| documents(tx, &query.0, params_from_iter(query.1))).await?;
        Ok(page(items, wanted, |session: &Session| session.id))
    }

    async fn entries_of_run(&self, run: RunId) -> Result<Vec<Entry>, StoreError> {
        self.look(move |tx| all(tx, sql::ENTRIES_OF_RUN, [run.to_string()], entry)).await
    }

    async fn calls(&self, run: RunId) -> Result<Vec<Versioned<ToolCall>>, StoreError> {
        self.look(move |tx| all(tx, sql::CALLS, [run.to_string()], versioned)).await
    }

    async fn journal(&self, run: RunId, last: usize) -> Result<Option<Journal>, StoreError> {
        let id = run.to_string();
        self.look(move |connection| {
            in_one_picture(connection, |tx| {
                let Some(run) = one(tx, sql::RUN, [&id], versioned)? else { return Ok(None) };
                let mut earlier =
                    all(tx, sql::LAST_ENTRIES_BEFORE, params![id, limit(last)], entry)?;
                earlier.reverse();
                let entries = all(tx, sql::ENTRIES_OF_RUN, [&id], entry)?;
                let calls = all(tx, sql::CALLS, [&id], versioned)?;
                Ok(Some(Journal { run, earlier, entries, calls }))
            })
        })
        .await
    }

    async fn call(&self, id: CallId) -> Result<Option<Versioned<ToolCall>>, StoreError> {
        self.look(move |tx| one(tx, sql::CALL, [id.to_string()], versioned)).await
    }
}

fn entry(row: &Row<'_>) -> Result<Entry, SqlError> {
    let place = format!("{}/{}", text(row, 0)?, row.get::<_, i64>(3)?);
    Ok(decode(row.get(1)?, text(row, 2)?, place)?)
}

/// The statement and parameters for a page of `table`: one row more than is wanted.
pub(super) fn page_query<Id: ToString, const N: usize>(
    table: &str,
    columns: &[&'static str; N],
    values: [Option<String>; N],
    request: &PageRequest<Id>,
) -> (String, Vec<Value>) {
    let before = request
        .before
        .as_ref()
        .map_or_else(|| catalogue::AFTER_EVERY_ID.to_owned(), ToString::to_string);
    let mut names = Vec::new();
    let mut params =
        vec![Value::Text(before), Value::Integer(limit(request.limit.saturating_add(1)))];
    for (column, value) in columns.iter().zip(values) {
        if let Some(value) = value {
            names.push(*column);
            params.push(Value::Text(value));
        }
    }
    (catalogue::page(table, &names), params)
}
