//! `send_message`: a text to a conversation or a webhook.

use async_trait::async_trait;
use countersign_domain::action::Action;
use countersign_domain::outbound::{Directory, Resolved};
use countersign_domain::permit::PermittedAction;
use countersign_ports::delivery::Messengers;
use countersign_ports::model_provider::ToolSpec;
use serde_json::{Map, Value};

use super::arguments::{APPROVAL_TOKEN, Kind, Need, Parameter, Parameters, ToolInputError};
use super::attaching::attached;
use super::output::ToolOutput;
use super::sending::{check, check_files, follow, permit, resolve_chat};
use super::tool::{Execution, Plan, Tool, ToolContext};

pub(super) struct SendMessage {
    pub(super) directory: Directory,
    pub(super) messengers: Messengers,
}

const NAME: &str = "send_message";

const PARAMETERS: Parameters = Parameters {
    tool: NAME,
    list: &[
        Parameter {
            name: "target",
            kind: Kind::Text,
            need: Need::Required,
            about: "Where it goes: a name from the directory, `webhook:NAME` or `platform:chat`.",
        },
        Parameter {
            name: "message",
            kind: Kind::Text,
            need: Need::Required,
            about: "The whole text.",
        },
        Parameter {
            name: "attachments",
            kind: Kind::TextOrList,
            need: Need::Optional,
            about: "Files of the workspace that go with it, where the platform takes files.",
        },
        APPROVAL_TOKEN,
    ],
};

#[async_trait]
impl Tool for SendMessage {
    fn spec(&self) -> ToolSpec {
        ToolSpec {
            name: NAME,
            description: "Sends a text to somebody outside this conversation, with files if wanted. A \
                          person is asked first, and sees exactly this text.",
            parameters: PARAMETERS.schema(),
        }
    }

    fn plan(
        &self,
        arguments: &Map<String, Value>,
        context: &ToolContext,
    ) -> Result<Plan, ToolInputError> {
        let arguments = PARAMETERS.check(arguments)?;
        let problem = |what: String| PARAMETERS.error(&format!("cannot send there: {what}"));
        let target = arguments.text("target");
        let target = resolve_chat(&self.directory, &self.messengers, target).map_err(problem)?;
        let Resolved { destination, name } = target;
        check(&self.messengers, &destination).map_err(problem)?;
        let text = arguments.text("message").to_owned();
        let attachments =
            attached(&PARAMETERS, &arguments.list("attachments"), &context.workspace)?;
        check_files(&self.messengers, &destination, &attachments).map_err(problem)?;
        let action = Action::SendMessage { destination, name, text, attachments };
        action.check_content().map_err(|error| PARAMETERS.error(&error.to_string()))?;
        Ok(Plan::Effect(action))
    }

    async fn execute(&self, action: PermittedAction, execution: &Execution) -> ToolOutput {
        let permit = match permit(action) {
            Ok(permit) => permit,
            Err(output) => return output,
        };
        let Action::SendMessage { destination, attachments, .. } = permit.action() else {
            return ToolOutput::not_mine(NAME);
        };
        // Who carries messages there may be another one by now.
        if let Err(why) = check_files(&self.messengers, destination, attachments) {
            return ToolOutput::error(format!("not sent: {why}"));
        }
        match self.messengers.to(destination) {
            Some(messenger) => follow(messenger.deliver(permit), execution).await,
            None => ToolOutput::error(format!("nobody carries messages to {destination} any more")),
        }
    }
}
