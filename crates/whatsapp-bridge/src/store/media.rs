//! What opens the files of what was said.

use rusqlite::{OptionalExtension as _, Transaction, params};

use super::inbox::HeardFile;
use super::{Store, StoreError};

/// A file that was in something that was said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KnownFile {
    /// How many bytes it is said to have.
    pub(crate) size: u64,
    /// What the account needs to fetch it.
    pub(crate) keys: String,
}

impl Store {
    /// The file with this id.
    pub(crate) async fn file(&self, id: String) -> Result<Option<KnownFile>, StoreError> {
        self.with(move |connection| {
            let mut statement =
                connection.prepare_cached("SELECT size, keys FROM media WHERE id = ?1")?;
            let found = statement.query_row([id], |row| {
                let size: i64 = row.get(0)?;
                Ok(KnownFile { size: u64::try_from(size).unwrap_or(u64::MAX), keys: row.get(1)? })
            });
            Ok(found.optional()?)
        })
        .await
    }
}

pub(super) fn keep(
    tx: &Transaction<'_>,
    (id, file): (&str, &HeardFile),
    at: i64,
) -> Result<(), StoreError> {
    let size = i64::try_from(file.size).unwrap_or(i64::MAX);
    tx.prepare_cached(
        "INSERT INTO media (id, size, keys, at) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING",
    )?
    .execute(params![id, size, file.keys, at])?;
    Ok(())
}

pub(super) fn sweep(tx: &Transaction<'_>, until: i64) -> Result<(), StoreError> {
    tx.execute("DELETE FROM media WHERE at < ?1", [until])?;
    Ok(())
}
