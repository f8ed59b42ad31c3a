//! Events.

use countersign_domain::ids::RunId;
use countersign_domain::runs::Event;
use countersign_domain::time::Timestamp;
use rusqlite::{Connection, params};

use super::{SqlError, insert};
use crate::catalogue::log as sql;
use crate::document::{FORMAT, encode};

pub(super) fn add_event(
    tx: &Connection,
    run_id: RunId,
    at: Timestamp,
    event: &Event,
) -> Result<(), SqlError> {
    let run = run_id.to_string();
    let params = params![run, at.as_millis(), event.is_about_approval(), FORMAT, encode(event)?,];
    insert(tx, sql::ADD_EVENT, params, &run, &run)
}
