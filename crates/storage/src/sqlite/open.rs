//! Opening the file: refusing what cannot be used, and setting the connections up.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use countersign_ports::store::{Fault, StoreError};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::fault::SqlError;
use super::migrate;

/// What every SQLite file begins with.
const MAGIC: &[u8; 16] = b"SQLite format 3\0";

/// Files up to this size are checked when opened; beyond it the check would delay the start for
/// seconds.
const CHECKED_BYTES: u64 = 256 * 1024 * 1024;

/// Statements that a connection keeps prepared: more than the catalogue has.
const PREPARED: usize = 128;

/// For every connection. `synchronous = FULL` is what makes a commit durable in WAL mode.
const PRAGMAS: &str = "
    PRAGMA busy_timeout = 5000;
    PRAGMA trusted_schema = OFF;
    PRAGMA temp_store = MEMORY;
    PRAGMA foreign_keys = ON;
    PRAGMA synchronous = FULL;
";

/// For the connection that writes. When its log is copied back is said in `checkpoint`.
const WRITER_PRAGMAS: &str = "
    PRAGMA journal_mode = WAL;
    PRAGMA journal_size_limit = 67108864;
";

/// The writing connection, on a file that has the newest schema.
pub(super) fn writer(path: &Path) -> Result<Connection, StoreError> {
    prepare_file(path)?;
    open_writer(path).map_err(|error| match error {
        // The file itself was opened a moment ago, so it is the log that cannot be made.
        SqlError::Sqlite(error) if error.sqlite_error_code() == Some(ErrorCode::CannotOpen) => {
            let message = format!("no file can be made beside `{}`: {error}", path.display());
            broken(Fault::ReadOnly, message)
        }
        SqlError::Sqlite(_) | SqlError::Store(_) => error.into(),
    })
}

/// A connection that can write, on a file that is there; its schema stays as it is.
pub(super) fn existing(path: &Path) -> Result<Connection, SqlError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.execute_batch(PRAGMAS)?;
    refuse_read_only(&connection)?;
    Ok(connection)
}

/// One more connection that only reads. The file must have been opened for writing before.
pub(super) fn reader(path: &Path) -> Result<Connection, SqlError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    set_up(&connection)?;
    Ok(connection)
}

fn set_up(connection: &Connection) -> Result<(), SqlError> {
    connection.set_prepared_statement_cache_capacity(PREPARED);
    // Without this a statement is prepared anew for each other value of a parameter that an index
    // with a condition could depend on: that took longer than carrying it out.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.execute_batch(PRAGMAS)?;
    Ok(())
}

fn open_writer(path: &Path) -> Result<Connection, SqlError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags)?;
    set_up(&connection)?;
    refuse_read_only(&connection)?;
    migrate::refuse_what_is_not_ours(&connection)?;
    refuse_damage(&connection, path)?;
    connection.execute_batch(WRITER_PRAGMAS)?;
    migrate::migrate(&mut connection)?;
    Ok(connection)
}

/// Creates the file if need be, readable by its owner alone, and looks at its first bytes.
fn prepare_file(path: &Path) -> Result<(), StoreError> {
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)
        .map_err(|error| cannot_open(path, &error))?;
    let told = |error: io::Error| cannot_open(path, &error);
    let metadata = file.metadata().map_err(told)?;
    if metadata.permissions().mode() & 0o077 != 0 {
        let own = std::fs::Permissions::from_mode(0o600);
        file.set_permissions(own).map_err(told)?;
    }
    if metadata.len() == 0 {
        return keep_name(path).map_err(told);
    }
    let mut start = [0; MAGIC.len()];
    match file.read_exact(&mut start) {
        Ok(()) if start == *MAGIC => Ok(()),
        Ok(()) => Err(not_a_database(path)),
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Err(not_a_database(path)),
        Err(error) => Err(told(error)),
    }
}

/// Makes the new file's name durable: SQLite does so only for files that it creates itself.
fn keep_name(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => File::open(parent)?.sync_all(),
        _ => File::open(".")?.sync_all(),
    }
}

fn refuse_read_only(connection: &Connection) -> Result<(), SqlError> {
    if connection.is_readonly("main")? {
        let message = "the file or its file system cannot be written".to_owned();
        return Err(broken(Fault::ReadOnly, message).into());
    }
    Ok(())
}

pub(super) fn refuse_damage(connection: &Connection, path: &Path) -> Result<(), SqlError> {
    let bytes = std::fs::metadata(path).map_or(u64::MAX, |metadata| metadata.len());
    if bytes >= CHECKED_BYTES {
        tracing::info!(bytes, "the database is not checked: it is too large");
        return Ok(());
    }
    let found: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if found == "ok" { Ok(()) } else { Err(broken(Fault::Corrupt, found).into()) }
}

pub(super) fn cannot_open(path: &Path, error: &io::Error) -> StoreError {
    let message = format!("`{}`: {error}", path.display());
    let kind = error.kind();
    if matches!(kind, ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem) {
        broken(Fault::ReadOnly, message)
    } else if matches!(kind, ErrorKind::StorageFull | ErrorKind::QuotaExceeded) {
        broken(Fault::DiskFull, message)
    } else {
        StoreError::Unavailable(message)
    }
}

fn not_a_database(path: &Path) -> StoreError {
    let message = format!("`{}` is not an SQLite database", path.display());
    broken(Fault::Corrupt, message)
}

const fn broken(fault: Fault, message: String) -> StoreError {
    StoreError::Broken { fault, message }
}
