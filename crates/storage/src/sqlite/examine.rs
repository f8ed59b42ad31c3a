//! Looking at a file as an operator would: nothing in it is changed, also beside a running gateway.

use std::path::Path;

use countersign_ports::store::StoreError;

use super::log_file::only_reading;
use super::{migrate, open};

/// What a file is like that can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Examined {
    /// How large it is.
    pub bytes: u64,
    /// Which tables are in it.
    pub schema: SchemaAge,
}

/// How the tables of a file compare with those that this program makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SchemaAge {
    /// They are the same.
    Newest,
    /// The next start of a gateway brings them up to date.
    Older,
}

/// Looks at the database at `path`; fails as a start on it would. Large files are not searched for
/// damage: that takes long, and a start does not either.
pub fn examine(path: &Path) -> Result<Examined, StoreError> {
    let connection = only_reading(path)?;
    migrate::refuse_what_is_not_ours(&connection)?;
    open::refuse_damage(&connection, path)?;
    let schema =
        if migrate::is_newest(&connection)? { SchemaAge::Newest } else { SchemaAge::Older };
    let bytes = std::fs::metadata(path).map_err(|error| open::cannot_open(path, &error))?.len();
    Ok(Examined { bytes, schema })
}
