//! One process on a home: a lock that the system takes back when the process ends.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

use super::{Home, HomeError};

/// Somebody who only looks whether a gateway runs holds the lock for a moment.
const PATIENCE: Duration = Duration::from_millis(500);

/// This process runs on the home. Dropping it lets go.
#[derive(Debug)]
pub(crate) struct HomeLock {
    _file: File,
}

impl HomeLock {
    /// Takes the home, or says which process has it.
    pub(crate) fn take(home: &Home) -> Result<Self, HomeError> {
        let path = home.lock_file();
        let io = |error| HomeError::Io(path.clone(), error);
        let mut file = open(&path).map_err(io)?;
        let begin = Instant::now();
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) if begin.elapsed() < PATIENCE => {
                    std::thread::sleep(Duration::from_millis(20));
                }
                Err(TryLockError::WouldBlock) => {
                    return Err(HomeError::Taken(holder(&mut file), home.root().to_owned()));
                }
                Err(TryLockError::Error(error)) => return Err(io(error)),
            }
        }
        write_pid(&mut file).map_err(io)?;
        Ok(Self { _file: file })
    }

    /// Whether a process has the home.
    pub(super) fn is_taken(home: &Home) -> io::Result<bool> {
        let path = home.lock_file();
        if !path.exists() {
            return Ok(false);
        }
        match open(&path)?.try_lock_shared() {
            Ok(()) => Ok(false),
            Err(TryLockError::WouldBlock) => Ok(true),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }
}

fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path)
}

fn write_pid(file: &mut File) -> io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    writeln!(file, "{}", std::process::id())
}

fn holder(file: &mut File) -> String {
    let mut text = String::new();
    let read = file.rewind().and_then(|()| file.read_to_string(&mut text));
    match (read, text.trim().parse::<u32>()) {
        (Ok(_), Ok(pid)) => pid.to_string(),
        (Ok(_) | Err(_), _) => "unknown".to_owned(),
    }
}
