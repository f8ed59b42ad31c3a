//! `send_email`: a mail as the configured sender.

use std::sync::Arc;

use async_trait::async_trait;
use countersign_domain::action::Action;
use countersign_domain::outbound::{Directory, EmailAddress, Place, Subject};
use countersign_domain::permit::PermittedAction;
use countersign_ports::delivery::Mailer;
use countersign_ports::model_provider::ToolSpec;
use serde_json::{Map, Value};

use super::arguments::{APPROVAL_TOKEN, Kind, Need, Parameter, Parameters, ToolInputError};
use super::attaching::attached;
use super::output::ToolOutput;
use super::sending::{follow, permit, resolve};
use super::tool::{Execution, Plan, Tool, ToolContext};

pub(super) struct SendEmail {
    pub(super) directory: Directory,
    pub(super) mailer: Arc<dyn Mailer>,
    pub(super) from: EmailAddress,
}

const NAME: &str = "send_email";

/// Recipients that one mail may have.
const MOST_RECIPIENTS: usize = 50;

const PARAMETERS: Parameters = Parameters {
    tool: NAME,
    list: &[
        Parameter {
            name: "to",
            kind: Kind::TextOrList,
            need: Need::Required,
            about: "Addresses, or names from the directory.",
        },
        Parameter {
            name: "cc",
            kind: Kind::TextOrList,
            need: Need::Optional,
            about: "Who gets a copy.",
        },
        Parameter { name: "subject", kind: Kind::Text, need: Need::Required, about: "One line." },
        Parameter {
            name: "body",
            kind: Kind::Text,
            need: Need::Required,
            about: "The whole text; plain text.",
        },
        Parameter {
            name: "attachments",
            kind: Kind::TextOrList,
            need: Need::Optional,
            about: "Files of the workspace that go with it.",
        },
        APPROVAL_TOKEN,
    ],
};

#[async_trait]
impl Tool for SendEmail {
    fn spec(&self) -> ToolSpec {
        ToolSpec {
            name: NAME,
            description: "Sends a mail in plain text, with files if wanted. A person is asked first, \
                          and sees exactly this mail.",
            parameters: PARAMETERS.schema(),
        }
    }

    fn plan(
        &self,
        arguments: &Map<String, Value>,
        context: &ToolContext,
    ) -> Result<Plan, ToolInputError> {
        let arguments = PARAMETERS.check(arguments)?;
        let problem = |what: String| PARAMETERS.error(&format!("cannot send this: {what}"));
        let to = self.addresses(&arguments.list("to")).map_err(problem)?;
        let cc = self.addresses(&arguments.list("cc")).map_err(problem)?;
        if to.is_empty() {
            return Err(PARAMETERS.error("needs a recipient as `to`"));
        }
        if to.len() + cc.len() > MOST_RECIPIENTS {
            return Err(PARAMETERS.error(&format!("takes at most {MOST_RECIPIENTS} recipients")));
        }
        let subject: Subject = arguments.text("subject").parse().map_err(
            |error: countersign_domain::outbound::InvalidMail| problem(error.to_string()),
        )?;
        let body = arguments.text("body").to_owned();
        let attachments =
            attached(&PARAMETERS, &arguments.list("attachments"), &context.workspace)?;
        let from = self.from.clone();
        let action = Action::SendEmail { from, to, cc, subject, body, attachments };
        action.check_content().map_err(|error| PARAMETERS.error(&error.to_string()))?;
        Ok(Plan::Effect(action))
    }

    async fn execute(&self, action: PermittedAction, execution: &Execution) -> ToolOutput {
        match permit(action) {
            Ok(permit) => follow(self.mailer.send(permit), execution).await,
            Err(output) => output,
        }
    }
}

impl SendEmail {
    fn addresses(&self, given: &[&str]) -> Result<Vec<EmailAddress>, String> {
        let mut addresses = Vec::new();
        for text in given.iter().filter(|text| !text.trim().is_empty()) {
            let address = self.address(text)?;
            if !addresses.contains(&address) {
                addresses.push(address);
            }
        }
        Ok(addresses)
    }

    /// An address as it is, or what the directory says.
    fn address(&self, text: &str) -> Result<EmailAddress, String> {
        if text.contains('@') && !text.trim_start().starts_with('@') {
            let bare = text.trim().strip_prefix("email:").unwrap_or(text);
            return bare.parse().map_err(|error| format!("{error}"));
        }
        let destination = resolve(&self.directory, text)?.destination;
        match destination.place() {
            Place::Email(address) => address.parse().map_err(|error| format!("{error}")),
            Place::Chat { .. } | Place::Webhook(_) => {
                Err(format!("`{text}` is {destination}, which is no mail address"))
            }
        }
    }
}
