//! A copy of a file, whole, also while a gateway writes into it.

use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use countersign_ports::store::StoreError;

use super::fault::classify;
use super::log_file::only_reading;
use super::{migrate, open};

/// Copies the database at `from` to the new file `to`, which its owner alone may read: as it was at
/// one moment, with everything that was committed before. Nobody waits for it.
pub fn back_up(from: &Path, to: &Path) -> Result<(), StoreError> {
    let connection = only_reading(from)?;
    migrate::refuse_what_is_not_ours(&connection)?;
    let told = |error: &io::Error| open::cannot_open(to, error);
    // An empty file is filled; its mode stays.
    let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(to);
    let made = made.map_err(|error| told(&error))?;
    let name = to.to_str().ok_or_else(|| {
        StoreError::Unavailable(format!("`{}` is no name in UTF-8", to.display()))
    })?;
    connection.execute("VACUUM INTO ?1", [name]).map_err(|error| classify(&error))?;
    made.sync_all().map_err(|error| told(&error))
}
