//! Changing a text that is there.

use countersign_ports::platform::{PlatformError, Stage, TextEdit};
use reqwest::Method;
use serde_json::json;

use crate::adapter::{Mattermost, post_of};
use crate::calling::calling_nobody;
use crate::lane::Urgency;

impl Mattermost {
    /// Makes a post of the bot read otherwise.
    pub(crate) async fn rewrite(&self, edit: &TextEdit) -> Result<(), PlatformError> {
        let urgency = match edit.stage {
            Stage::Growing => Urgency::Idle,
            Stage::Whole => Urgency::Text,
        };
        // What would only be waited with is not sent at all: it is whole soon.
        if edit.stage == Stage::Growing && self.rest.is_short() {
            let why = "the server takes little more at this time".to_owned();
            return Err(PlatformError::Unavailable(why));
        }
        let path = format!("posts/{}/patch", post_of(&edit.message)?);
        // Without properties those stay that keep it from calling people.
        let body = json!({"message": calling_nobody(&edit.text)});
        let done = self.rest.tell(urgency, Method::PUT, &path, Some(&body)).await;
        self.note_token(done.as_ref().err());
        Ok(done?)
    }
}
