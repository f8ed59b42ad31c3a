//! Files that come with a message: kept where the agent can read them, and named to it.
//!
//! They are fetched before the run is there that reads of them, into a folder that follows from the
//! delivery: brought again, they are found.

use std::sync::Arc;
use std::time::Duration;

use countersign_domain::chat::{Delivery, safe_file_name};
use countersign_domain::digest::Digest;
use countersign_domain::time::Timestamp;
use countersign_ports::file_shelf::FileShelf;
use countersign_ports::platform::{BroughtFile, Platform, PlatformError};
use countersign_ports::store::{Conflicting, Standing, StoreError};
use tokio::time::Instant;

use super::reply::Reply;
use super::speak::Manner;
use super::speaker::Speaker;
use crate::gateway::Gateway;

/// How long all files of a message may take together.
const PATIENCE: Duration = Duration::from_secs(20);

/// The pause before a file is asked for again.
const PAUSE: Duration = Duration::from_millis(250);

const MIB: u64 = 1024 * 1024;

/// What may come with a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileLimits {
    /// Files with one message; the others are left out.
    pub most: usize,
    /// Bytes of one file.
    pub bytes: u64,
    /// Bytes that are kept of one person.
    pub of_one: u64,
    /// Bytes that are kept in all.
    pub of_all: u64,
}

impl Default for FileLimits {
    fn default() -> Self {
        Self { most: 10, bytes: 20 * MIB, of_one: 500 * MIB, of_all: 5000 * MIB }
    }
}

impl Gateway {
    /// Names who keeps files that people send. Only the first call counts.
    pub fn attach_shelf(&self, keeper: Arc<dyn FileShelf>) {
        if self.chats.shelf.set(keeper).is_err() {
            tracing::warn!("a second shelf for files was attached and is ignored");
        }
    }

    /// What is said to whoever sends files with what the agent does not see to: nothing of it is
    /// fetched. What was brought before is a conflict, as it is when it is taken.
    pub(super) async fn no_files_for(
        &self,
        speaker: &Speaker,
        (standing, manner): (&Standing, Manner<'_>),
        delivery: Option<&Delivery>,
    ) -> Result<Option<Reply>, StoreError> {
        if speaker.files.is_empty() {
            return Ok(None);
        }
        if let Some(delivery) = delivery
            && self.store.chats().is_taken(delivery).await?
        {
            return Err(StoreError::Conflict(Conflicting::Value(delivery.id.clone())));
        }
        self.no_room(standing, manner).await
    }

    /// `text`, and where the files are that came with it.
    pub(super) async fn with_files(
        &self,
        speaker: &Speaker,
        text: &str,
        delivery: Option<&Delivery>,
    ) -> String {
        let (Some(delivery), false) = (delivery, speaker.files.is_empty()) else {
            return text.to_owned();
        };
        let end = Instant::now() + PATIENCE;
        let folder = format!("{}{}", prefix_of(speaker), folder_of(delivery));
        let words = if text.trim().is_empty() { "(no words)" } else { text };
        let mut told = vec![format!("{words}\n\nFiles that came with this message:")];
        let most = self.settings.chat.files.most;
        let mut names: Vec<String> = Vec::new();
        for file in speaker.files.iter().take(most) {
            let name = free_name(&safe_file_name(&file.name), &names);
            let line = match self.receive_file(speaker, file, (&folder, &name), end).await {
                Ok(path) => format!("{path}{}", facts(file)),
                Err(why) => format!("{name} was not received: {why}"),
            };
            names.push(name);
            told.push(line);
        }
        let others = speaker.files.len().saturating_sub(most);
        if others > 0 {
            told.push(format!("{others} more were not received: at most {most} are"));
        }
        told.join("\n- ")
    }

    async fn receive_file(
        &self,
        speaker: &Speaker,
        file: &BroughtFile,
        (folder, name): (&str, &str),
        end: Instant,
    ) -> Result<String, String> {
        let most = self.settings.chat.files.bytes;
        let too_large = || format!("it has more than {most} bytes");
        let keeper = self.chats.shelf.get().ok_or("nothing keeps files here")?;
        if file.size.is_some_and(|size| size > most) {
            return Err(too_large());
        }
        if let Some(path) = keeper.find(folder, name).await {
            return Ok(path);
        }
        self.has_room(speaker, keeper.as_ref(), file.size.unwrap_or(0)).await?;
        let adapter = self.chats.adapter(&speaker.address).ok_or("the platform is gone")?;
        let fetched = tokio::time::timeout_at(end, fetch(adapter.as_ref(), file, most)).await;
        let content = match fetched {
            Ok(Ok(content)) => content,
            Ok(Err(error)) => {
                tracing::warn!(%error, "a file of a message could not be fetched");
                return Err(self.redactor.redact(&error.to_string()).into_owned());
            }
            Err(_) => return Err("it took too long".to_owned()),
        };
        // An adapter that reads on does not get around the limit.
        let length = u64::try_from(content.len()).unwrap_or(u64::MAX);
        if length > most {
            return Err(too_large());
        }
        // One after the other: two together do not get around the limit.
        let _one = self.chats.shelving.lock().await;
        self.has_room(speaker, keeper.as_ref(), length).await?;
        keeper.keep(folder, name, content).await.map_err(|error| {
            tracing::warn!(error, "a file of a message could not be kept");
            "it could not be kept".to_owned()
        })
    }
}

impl Gateway {
    /// Whether a file of so many bytes has room beside what is kept.
    async fn has_room(
        &self,
        speaker: &Speaker,
        keeper: &dyn FileShelf,
        size: u64,
    ) -> Result<(), String> {
        let FileLimits { of_one, of_all, .. } = self.settings.chat.files;
        for (prefix, most, whose) in
            [(prefix_of(speaker).as_str(), of_one, "of one person"), ("", of_all, "in all")]
        {
            let taken_up = keeper.taken_up(prefix).await.map_err(|error| {
                tracing::warn!(error, "it is not known how much is kept of what people send");
                "it could not be kept".to_owned()
            })?;
            if taken_up.saturating_add(size) > most {
                return Err(format!("at most {most} bytes {whose} are kept"));
            }
        }
        Ok(())
    }

    /// Removes what people sent before then.
    pub(crate) async fn sweep_files(&self, before: Timestamp) {
        let Some(keeper) = self.chats.shelf.get() else { return };
        match keeper.sweep(before).await {
            Ok(0) => {}
            Ok(folders) => tracing::info!(folders, "old files that came with messages are gone"),
            Err(error) => {
                tracing::warn!(error, "old files that came with messages are still there");
            }
        }
    }
}

/// What the folders of one person begin with.
fn prefix_of(speaker: &Speaker) -> String {
    format!("{}-", Digest::of(speaker.caller.principal.to_string().as_bytes()).short())
}

async fn fetch(
    adapter: &dyn Platform,
    file: &BroughtFile,
    most: u64,
) -> Result<bytes::Bytes, PlatformError> {
    loop {
        let pause = match adapter.fetch_file(file, most).await {
            Err(PlatformError::SlowDown(wanted)) => wanted,
            Err(PlatformError::Unavailable(_)) => PAUSE,
            done => return done,
        };
        tokio::time::sleep(pause).await;
    }
}

/// The same for the same message, for ever.
fn folder_of(delivery: &Delivery) -> String {
    let parts = [delivery.platform.as_str(), delivery.account.as_str(), &delivery.id];
    Digest::of(parts.join("\u{1f}").as_bytes()).short()
}

/// `name`, or the same with a number if another file of the message has it.
fn free_name(name: &str, taken: &[String]) -> String {
    let mut free = name.to_owned();
    let mut number = 2;
    while taken.contains(&free) {
        free = format!("{number}-{name}");
        number += 1;
    }
    free
}

/// What the platform says of a file, as far as it can be repeated.
fn facts(file: &BroughtFile) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '.' | '+' | '-');
    let kind = file.media_type.as_deref().filter(|kind| kind.len() < 80 && kind.chars().all(plain));
    let size = file.size.map(|size| format!("{size} bytes"));
    let facts: Vec<&str> = kind.into_iter().chain(size.as_deref()).collect();
    if facts.is_empty() { String::new() } else { format!(" ({})", facts.join(", ")) }
}
