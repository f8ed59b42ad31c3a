//! Uploading files.

use bytes::Bytes;

use super::Server;
use crate::mattermost::model::ids::{FileId, UserId};
use crate::mattermost::model::world::StoredFile;
use crate::mattermost::refusal::Refusal;

/// A file as a client brings it.
#[derive(Debug, Clone)]
pub(crate) struct NewFile {
    pub(crate) name: String,
    pub(crate) mime: String,
    pub(crate) content: Bytes,
}

impl Server {
    /// Keeps a file, for a post that is still to come.
    pub(crate) fn upload(
        &self,
        user: &UserId,
        channel: &str,
        file: NewFile,
    ) -> Result<StoredFile, Refusal> {
        let mut world = self.world();
        if !world.settings.enable_file_attachments {
            let id = "api.file.attachments.disabled.app_error";
            return Err(Refusal::new(403, id, "Files are disabled on this server."));
        }
        let place = world.channels.get(channel).ok_or_else(Refusal::forbidden)?;
        if !world.may_upload(user, place) {
            return Err(Refusal::forbidden());
        }
        if file.content.len() > world.settings.max_file_bytes {
            let id = "api.file.upload_file.too_large_detailed.app_error";
            return Err(Refusal::new(413, id, "The file is larger than the server takes."));
        }
        let stored = StoredFile {
            id: FileId::fresh(),
            user: user.clone(),
            channel: place.id.clone(),
            post: None,
            create_at: world.now(),
            name: file.name,
            mime: file.mime,
            content: file.content,
        };
        world.files.insert(stored.id.clone(), stored.clone());
        Ok(stored)
    }

    /// A file that the user may see: their own, or one of a post in a channel that they may read.
    pub(crate) fn file(&self, user: &UserId, id: &str) -> Result<StoredFile, Refusal> {
        let world = self.world();
        let file = world.files.get(id).ok_or_else(|| {
            Refusal::new(404, "app.file_info.get.app_error", "The file could not be found.")
        })?;
        let readable = world.readable_channel(user, &file.channel).is_ok();
        let published = file.post.as_ref().is_some_and(|post| world.post(post).is_ok());
        if file.user == *user || (readable && published) {
            Ok(file.clone())
        } else {
            Err(Refusal::forbidden())
        }
    }
}
