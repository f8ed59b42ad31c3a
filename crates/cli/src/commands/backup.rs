//! `backup`: a copy of everything that a gateway keeps, made while it works.
//!
//! The order matters. The checkpoint is read before the log is copied: a newer one would be taken for a
//! log that was cut. The keys are read after it: those that have signed meanwhile are among them.

use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use countersign_domain::audit::checkpoint::Checkpoint;
use countersign_domain::audit::verify::{Report, Verifier};
use countersign_domain::signing::{KeyRing, VerifyingKeys};
use countersign_storage::{LogFile, Place, SchemaAge, back_up, examine};
use serde_json::json;

use super::{Global, JsonFlag};
use crate::compose::place_of_store;
use crate::config::{Loaded, load};
use crate::environment::{Environment, expanded};
use crate::failure::{Answer, Failure, Outcome};
use crate::home::{Home, write_private};
use crate::output::Screen;
use crate::progress::Meter;

/// How often is looked how far the copy of the store is.
const LOOK_AGAIN: Duration = Duration::from_millis(200);

const MIB: u64 = 1024 * 1024;

/// Copy everything that the gateway keeps into a new directory, also while it works.
///
/// The copy is whole and checked, or there is none: store, signing keys, configuration, plugins, the
/// bridge's token and the newest checkpoint. It holds secrets, and only you may read it. A PostgreSQL
/// database is not in it: copy that one with `pg_dump`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  countersign backup /backup/2026-11-22
  countersign --home /backup/2026-11-22 audit verify")]
pub(crate) struct BackupArgs {
    /// The directory to make
    dir: PathBuf,
    #[command(flatten)]
    json: JsonFlag,
}

/// A directory that is being filled. It is removed unless it is finished.
struct Unfinished {
    place: PathBuf,
}

/// What became of the store.
enum Copied {
    Checked(Report),
    /// Its tables are of an older version, which this program does not read.
    Unchecked,
    Elsewhere,
}

/// Makes the copy.
pub(crate) async fn run(args: BackupArgs, global: &Global) -> Outcome {
    let home = Home::open(&Home::place(global.home.as_deref())?)?;
    let config = home.config();
    let loaded = if config.exists() { load(&config, &[])? } else { Loaded::defaults() };
    let place = place_of_store(&home, &loaded, &Environment::read()?)?;
    let target = std::path::absolute(&args.dir)?;
    refuse(&target, &home, &loaded)?;
    let unfinished = Unfinished::beside(&target)?;
    let made = &unfinished.place;
    let checkpoint = copied(&home.audit_checkpoint(), made)?;
    let store = match &place {
        Place::Sqlite(path) => Some(copy_store(path, made).await?),
        Place::Postgres(_) => None,
    };
    for file in [home.signing_keys(), home.config(), home.bridge_token()] {
        copied(&file, made)?;
    }
    plugins(&home.plugins(), &made.join("plugins")).map_err(failed(&home.plugins()))?;
    let found = match store {
        Some(file) => checked(&file, made, checkpoint.as_deref())?,
        None => Copied::Elsewhere,
    };
    unfinished.finish(&target).map_err(failed(&target))?;
    say(Screen::detect(), args.json, &target, &found)
}

/// A directory with something in it is somebody's; in the workspace the agent would read the keys.
fn refuse(target: &Path, home: &Home, loaded: &Loaded) -> Result<(), Failure> {
    let shown = target.display();
    match fs::read_dir(target).map(|mut entries| entries.next().is_none()) {
        Ok(true) => {}
        Ok(false) => {
            return Err(Failure::Usage(format!("`{shown}` is not empty: name a new directory")));
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(Failure::Usage(format!("`{shown}`: {error}"))),
    }
    let workspace = loaded.config.agent.workspace.as_deref().map_or(home.workspace(), expanded);
    let real = |path: &Path| fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let above = target.parent().map_or_else(|| target.to_owned(), real);
    if above.starts_with(real(&workspace)) {
        let what = "is in the agent's workspace, where the agent could read the keys";
        return Err(Failure::Usage(format!("`{shown}` {what}: name another directory")));
    }
    Ok(())
}

impl Unfinished {
    fn beside(target: &Path) -> Result<Self, Failure> {
        let name = target.file_name().unwrap_or_default().to_string_lossy();
        let place = target.with_file_name(format!(".{name}.{}.new", std::process::id()));
        let made = DirBuilder::new().mode(0o700).create(&place);
        made.map_err(failed(&place))?;
        Ok(Self { place })
    }

    /// Gives it its name, for good.
    fn finish(self, target: &Path) -> io::Result<()> {
        File::open(&self.place)?.sync_all()?;
        fs::rename(&self.place, target)?;
        File::open(target.parent().unwrap_or(Path::new("/")))?.sync_all()
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        // After a good end there is nothing of that name.
        drop(fs::remove_dir_all(&self.place));
    }
}

fn failed(place: &Path) -> impl Fn(io::Error) -> Failure {
    let shown = place.display().to_string();
    move |error| Failure::Refused(format!("`{shown}`: {error}; nothing was kept"))
}

/// Copies a text, if it is there; what it says.
fn copied(file: &Path, into: &Path) -> Result<Option<String>, Failure> {
    let text = match fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(file)(error)),
    };
    let target = into.join(file.file_name().unwrap_or_default());
    write_private(&target, &text).map_err(failed(&target))?;
    Ok(Some(text))
}

async fn copy_store(path: &Path, into: &Path) -> Result<PathBuf, Failure> {
    let (from, to) = (path.to_owned(), into.join("countersign.db"));
    let bytes = fs::metadata(path).map_or(0, |metadata| metadata.len());
    let mut meter = Meter::start("copying the store (MiB)", Some(bytes / MIB));
    let target = to.clone();
    let mut copying = tokio::task::spawn_blocking(move || back_up(&from, &target));
    let done = loop {
        tokio::select! {
            done = &mut copying => break done,
            () = tokio::time::sleep(LOOK_AGAIN) => {
                meter.at(fs::metadata(&to).map_or(0, |metadata| metadata.len()) / MIB);
            }
        }
    };
    let done = done.map_err(Failure::refused)?;
    let told = |error| Failure::Refused(format!("{}: {error}; nothing was kept", path.display()));
    done.map_err(told)?;
    Ok(to)
}

/// Plugins are programs and what belongs to them; only files and directories are copied.
fn plugins(from: &Path, to: &Path) -> io::Result<()> {
    let entries = match fs::read_dir(from) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    DirBuilder::new().mode(0o700).create(to)?;
    for entry in entries {
        let entry = entry?;
        let target = to.join(entry.file_name());
        let metadata = fs::metadata(entry.path())?;
        if metadata.is_dir() {
            plugins(&entry.path(), &target)?;
        } else if metadata.is_file() {
            fs::copy(entry.path(), &target)?;
            // Whoever may not read the home need not read this, either.
            let mode = metadata.permissions().mode() & 0o700;
            fs::set_permissions(&target, fs::Permissions::from_mode(mode))?;
            File::open(&target)?.sync_all()?;
        }
    }
    File::open(to)?.sync_all()
}

/// A copy that does not verify is none.
fn checked(store: &Path, made: &Path, checkpoint: Option<&str>) -> Result<Copied, Failure> {
    let told = |error: &dyn std::fmt::Display| {
        Failure::Refused(format!("the copy of the store is not good: {error}; nothing was kept"))
    };
    if examine(store).map_err(|error| told(&error))?.schema == SchemaAge::Older {
        return Ok(Copied::Unchecked);
    }
    let keys = keys(&made.join("signing-keys.json"))?;
    let mut kept = Vec::new();
    if let (Some(token), Some(keys)) = (checkpoint, &keys) {
        kept.push(Checkpoint::open(token.trim(), keys).map_err(|error| told(&error))?.statement);
    }
    let log = LogFile::open(store).map_err(|error| told(&error))?;
    let last = log.last().map_err(|error| told(&error))?;
    let mut meter = Meter::start("checking records", Some(last));
    let mut verifier = Verifier::new(keys.as_ref());
    let read = log.verify_telling(1, &mut verifier, |seq| meter.at(seq));
    read.map_err(|error| told(&error))?;
    Ok(Copied::Checked(verifier.finish(&kept).map_err(|error| told(&error))?))
}

fn keys(file: &Path) -> Result<Option<VerifyingKeys>, Failure> {
    if !file.exists() {
        return Ok(None);
    }
    let ring = KeyRing::from_document(&fs::read_to_string(file).map_err(failed(file))?);
    let told = |error| Failure::Refused(format!("signing-keys.json: {error}; nothing was kept"));
    Ok(Some(ring.map_err(told)?.verifying()))
}

fn say(screen: Screen, json: JsonFlag, target: &Path, found: &Copied) -> Outcome {
    let shown = target.display().to_string();
    let (store, audit) = match found {
        Copied::Checked(report) => ("checked", Some(report)),
        Copied::Unchecked => ("unchecked", None),
        Copied::Elsewhere => ("elsewhere", None),
    };
    if json.json {
        screen.json(&json!({"directory": shown, "store": store, "audit": audit}))?;
        return Ok(Answer::Yes);
    }
    screen.line(format!("copied to {shown}"))?;
    screen.line(match found {
        Copied::Checked(report) => format!(
            "the audit log in it is good: {} records up to {} ({})",
            report.records,
            report.head,
            report.hash.short()
        ),
        Copied::Unchecked => "the store in it is of an older version, so its audit log was not \
                              checked"
            .to_owned(),
        Copied::Elsewhere => "the store is a PostgreSQL database and not in it: copy that with \
                              pg_dump (docs/operating.md)"
            .to_owned(),
    })?;
    Ok(Answer::Yes)
}
