//! Events.

use async_trait::async_trait;
use countersign_domain::runs::{EventRecord, Stream};
use countersign_domain::time::Timestamp;
use countersign_ports::store::{EventReads, StoreError};
use tokio_postgres::Row;

use super::{all, bound, count, format, limit, one, parsed};
use crate::catalogue::log as sql;
use crate::document::decode;
use crate::postgres::fault::PgError;
use crate::postgres::lanes::Lanes;
use crate::postgres::session::query;

#[async_trait]
impl EventReads for Lanes {
    async fn after(
        &self,
        stream: Stream,
        after: u64,
        most: usize,
    ) -> Result<Vec<EventRecord>, StoreError> {
        let (after, most) = (bound(after), limit(most));
        let query = match stream {
            Stream::Run(run) => query!(sql::EVENTS_OF_RUN, after, most, run.to_string()),
            Stream::Approvals => query!(sql::EVENTS_OF_APPROVALS, after, most),
        };
        all(&self.rows(query).await?, record)
    }

    async fn last(&self, stream: Stream) -> Result<Option<EventRecord>, StoreError> {
        let query = match stream {
            Stream::Run(run) => query!(sql::LAST_OF_RUN, run.to_string()),
            Stream::Approvals => query!(sql::LAST_OF_APPROVALS),
        };
        one(&self.rows(query).await?, record)
    }
}

fn record(row: &Row) -> Result<EventRecord, PgError> {
    let (seq, global_seq) = (count(row, 1)?, count(row, 2)?);
    Ok(EventRecord {
        run_id: parsed(row, 0, "run id")?,
        seq,
        global_seq,
        timestamp: Timestamp::from_millis(row.try_get(3)?),
        event: decode(format(row, 4)?, row.try_get(5)?, global_seq)?,
    })
}
