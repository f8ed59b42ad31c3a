//! Files that go out with a text: uploaded one by one, and then named by the post.

use std::time::Duration;

use countersign_domain::chat::{Address, MessageId};
use countersign_ports::platform::{PlatformError, SentFile};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::adapter::{Mattermost, place};
use crate::calling::calling_nobody;
use crate::id::FileId;
use crate::lane::Urgency;
use crate::rest::RestError;
use crate::split::{LONGEST, posts};
use crate::wire::FileInfo;

/// The server takes no more with one post.
const MOST: usize = 10;

/// The most bytes of one file, whatever the server takes: `MaxFileSize` is 100 MiB by default.
const LARGEST: usize = 100 * 1024 * 1024;

/// How long one file may take.
const PATIENCE: Duration = Duration::from_mins(2);

#[derive(Deserialize)]
struct Uploaded {
    file_infos: Vec<FileInfo>,
}

impl Mattermost {
    /// Puts a text with files at `address`.
    pub(crate) async fn say_with(
        &self,
        id: &str,
        address: &Address,
        (text, files): (&str, &[SentFile]),
    ) -> Result<MessageId, PlatformError> {
        let refused = |why: String| Err(PlatformError::Refused(why));
        if files.len() > MOST {
            return refused(format!("a post takes at most {MOST} files"));
        }
        if let Some(large) = files.iter().find(|file| file.content.len() > LARGEST) {
            return refused(format!("`{}` has more than {LARGEST} bytes", large.name));
        }
        let (channel, _) = place(address)?;
        let mut uploaded = Vec::new();
        for file in files {
            uploaded.push(self.upload(channel.as_str(), file).await?);
        }
        // A text that calls nobody is longer than it was; the files come with its end.
        let mut pieces = posts(&calling_nobody(text), LONGEST);
        let last = pieces.pop().unwrap_or_default();
        for (number, piece) in pieces.iter().enumerate() {
            let body = json!({"message": piece, "props": quiet()});
            self.put(Urgency::Text, &format!("{id}:before{number}"), address, body).await?;
        }
        let body = json!({
            "message": last,
            "file_ids": uploaded,
            "props": quiet(),
        });
        self.put(Urgency::Text, id, address, body).await
    }

    async fn upload(&self, channel: &str, file: &SentFile) -> Result<FileId, PlatformError> {
        let name: String = url::form_urlencoded::byte_serialize(file.name.as_bytes()).collect();
        let path = format!("files?channel_id={channel}&filename={name}");
        let done = self.rest.upload::<Uploaded>(&path, file.content.clone(), PATIENCE).await;
        self.note_token(done.as_ref().err());
        let uploaded = done.map_err(|error| told(&file.name, error))?;
        let info = uploaded.file_infos.into_iter().next();
        info.map(|info| info.id)
            .ok_or_else(|| PlatformError::Refused(format!("`{}` was not taken", file.name)))
    }
}

/// Nobody is rung for.
fn quiet() -> Value {
    json!({"disable_group_highlight": true, "mentionHighlightDisabled": true})
}

/// What somebody is told who can change it.
fn told(name: &str, error: RestError) -> PlatformError {
    match error {
        RestError::Refused(413, _) => PlatformError::Refused(format!(
            "`{name}` is larger than the server takes (System Console > File Storage > Maximum File Size)"
        )),
        RestError::Forbidden(why) => PlatformError::Refused(format!(
            "`{name}` was not taken: {} (System Console > File Sharing and Downloads)",
            why.message
        )),
        error @ (RestError::Token
        | RestError::Missing(_)
        | RestError::SlowDown(_)
        | RestError::Refused(_, _)
        | RestError::Unavailable(_)) => error.into(),
    }
}
