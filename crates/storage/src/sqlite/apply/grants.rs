//! Grants.

use countersign_domain::grants::Use;
use countersign_domain::ids::GrantId;
use countersign_domain::time::Timestamp;
use countersign_ports::store::IssuedGrant;
use rusqlite::{Connection, params};

use super::{SqlError, conflict, insert, is_there, missing};
use crate::catalogue::grants as sql;

pub(super) fn add(tx: &Connection, grant: &IssuedGrant) -> Result<(), SqlError> {
    let id = grant.id.to_string();
    let approval = grant.approval_id.map(|id| id.to_string());
    insert(tx, sql::ADD_GRANT, params![id, approval, grant.expires_at.as_millis()], &id, &id)
}

/// A grant is used by one unit of work, once.
pub(super) fn redeem(tx: &Connection, used: &Use) -> Result<(), SqlError> {
    let id = used.grant().to_string();
    end(tx, sql::USE_GRANT, &id, used.at())
}

/// A grant that was used stays used.
pub(super) fn revoke(tx: &Connection, id: GrantId, at: Timestamp) -> Result<(), SqlError> {
    end(tx, sql::REVOKE_GRANT, &id.to_string(), at)
}

fn end(tx: &Connection, how: &str, id: &str, at: Timestamp) -> Result<(), SqlError> {
    match tx.prepare_cached(how)?.execute(params![id, at.as_millis()])? {
        0 if is_there(tx, sql::GRANT, [id])? => Err(conflict(id)),
        0 => Err(missing(id)),
        _ => Ok(()),
    }
}
