//! Interactive dialogs: opened by whoever has a fresh `trigger_id`, submitted by the client.

use serde_json::{Value, json};

use super::Server;
use super::click::PointerText as _;
use super::outgoing::Request;
use crate::mattermost::model::ids::UserId;
use crate::mattermost::people::{Dialog, Seen};
use crate::mattermost::refusal::Refusal;
use crate::mattermost::socket::events::{Audience, Event};

impl Server {
    /// `POST /actions/dialogs/open`. There is no session: the signature alone says whose screen it
    /// is.
    pub(crate) fn open_dialog(&self, request: &Value) -> Result<(), Refusal> {
        if request.pointer_text("/url").is_empty() {
            return Err(Refusal::bad_body("url"));
        }
        let mut world = self.world();
        let life = i64::try_from(world.settings.outgoing_timeout.as_millis()).unwrap_or(i64::MAX);
        let trigger = request.pointer_text("/trigger_id");
        let (client_id, user) = self.keys.verify_trigger(trigger, world.now(), life)?;
        let user = UserId::from(user);
        let mut shown = request.clone();
        if let Some(fields) = shown.as_object_mut() {
            fields.insert("trigger_id".to_owned(), Value::String(client_id));
        }
        let data = json!({"dialog": shown.to_string()});
        world.publish(&Event::new("open_dialog", Audience::User(user.clone(), None), data));
        world.seen.push((user, Seen::Dialog(Dialog::new(&shown))));
        Ok(())
    }

    /// `POST /actions/dialogs/submit`: goes to whatever address the client names, with whatever
    /// state it says; only who submits is the server's word.
    pub(crate) async fn submit_dialog(
        &self,
        user: &UserId,
        mut submission: Value,
    ) -> Result<Value, Refusal> {
        let url = submission.pointer_text("/url").to_owned();
        if url.is_empty() {
            return Err(Refusal::bad_body("url"));
        }
        self.check_submission(user, &submission)?;
        let Some(fields) = submission.as_object_mut() else {
            return Err(Refusal::bad_body("dialog"));
        };
        fields.remove("url");
        fields.insert("user_id".to_owned(), json!(user));
        if fields.get("type").and_then(Value::as_str) != Some("refresh") {
            fields.insert("type".to_owned(), json!("dialog_submission"));
        }
        let answer = self.deliver(&url, Request::Json(submission)).await;
        let answer = answer.ok().filter(|answer| answer.status == 200);
        let answer = answer.ok_or_else(super::click::failed)?;
        if answer.body.is_empty() {
            return Ok(json!({}));
        }
        serde_json::from_slice(&answer.body).map_err(|_| {
            Refusal::new(
                500,
                "app.submit_interactive_dialog.decode_json_error",
                "The integration's answer to the dialog could not be read.",
            )
        })
    }

    fn check_submission(&self, user: &UserId, submission: &Value) -> Result<(), Refusal> {
        let world = self.world();
        world.readable_channel(user, submission.pointer_text("/channel_id"))?;
        let team = submission.pointer_text("/team_id");
        // Without a team, in a direct channel, the server asks only for the general permission.
        if !team.is_empty() && !world.may_view_team(user, team) {
            return Err(Refusal::forbidden());
        }
        Ok(())
    }
}
