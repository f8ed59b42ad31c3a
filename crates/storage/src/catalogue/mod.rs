//! Every SQL statement of the stores, one constant each.
//!
//! Parameters are numbered (`?1`), and nothing here is particular to one database, so that another
//! store can share the texts. What the parameters mean is said where a statement is used.

pub(crate) mod access;
pub(crate) mod approvals;
pub(crate) mod chats;
#[cfg(test)]
pub(crate) mod every;
pub(crate) mod grants;
pub(crate) mod log;
pub(crate) mod nodes;
pub(crate) mod outbox;
pub(crate) mod retention;
pub(crate) mod runs;
pub(crate) mod service;

/// Stands for "no cursor": every id sorts before it.
pub(crate) const AFTER_EVERY_ID: &str = "~";

/// A page of `table`, newest first: `?1` is the cursor, `?2` the limit, and `?3` onwards are the
/// values of `columns`.
///
/// Built for each shape of a filter: with `(?3 IS NULL OR …)` instead, no index could be used.
pub(crate) fn page(table: &str, columns: &[&str]) -> String {
    let filter: String = (3..)
        .zip(columns)
        .flat_map(|(number, column)| [" AND ".to_owned(), format!("{column} = ?{number}")])
        .collect();
    format!("SELECT id, v, doc FROM {table} WHERE id < ?1{filter} ORDER BY id DESC LIMIT ?2")
}
