//! Events.

use async_trait::async_trait;
use countersign_domain::runs::{EventRecord, Stream};
use countersign_domain::time::Timestamp;
use countersign_ports::store::{EventReads, StoreError};
use rusqlite::{Row, params};

use super::{SqlError, all, bound, count, limit, one, parsed, text};
use crate::catalogue::log as sql;
use crate::document::decode;
use crate::sqlite::reader::Readers;

#[async_trait]
impl EventReads for Readers {
    async fn after(
        &self,
        stream: Stream,
        after: u64,
        most: usize,
    ) -> Result<Vec<EventRecord>, StoreError> {
        let (after, most) = (bound(after), limit(most));
        self.look(move |tx| match stream {
            Stream::Run(run) => {
                let params = params![after, most, run.to_string()];
                all(tx, sql::EVENTS_OF_RUN, params, record)
            }
            Stream::Approvals => {
                let params = params![after, most];
                all(tx, sql::EVENTS_OF_APPROVALS, params, record)
            }
        })
        .await
    }

    async fn last(&self, stream: Stream) -> Result<Option<EventRecord>, StoreError> {
        self.look(move |tx| match stream {
            Stream::Run(run) => one(tx, sql::LAST_OF_RUN, [run.to_string()], record),
            Stream::Approvals => one(tx, sql::LAST_OF_APPROVALS, [], record),
        })
        .await
    }
}

fn record(row: &Row<'_>) -> Result<EventRecord, SqlError> {
    let (seq, global_seq) = (count(row, 1)?, count(row, 2)?);
    Ok(EventRecord {
        run_id: parsed(row, 0, "run id")?,
        seq,
        global_seq,
        timestamp: Timestamp::from_millis(row.get(3)?),
        event: decode(row.get(4)?, text(row, 5)?, global_seq)?,
    })
}
