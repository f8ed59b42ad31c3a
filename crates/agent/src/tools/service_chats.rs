//! `list_recent_chats`, `start_service_conversation` and `reply_service_conversation`: talking to
//! providers in service chats. What may be sent is the gateway's to say.

use async_trait::async_trait;
use countersign_domain::action::Action;
use countersign_domain::permit::PermittedAction;
use countersign_ports::delivery::Messengers;
use countersign_ports::effect_gate::{Groups, ServiceRequest};
use countersign_ports::model_provider::ToolSpec;
use serde_json::{Map, Value};

use super::arguments::{Kind, Need, Parameter, Parameters, ToolInputError};
use super::output::ToolOutput;
use super::sending::{follow, permit};
use super::tool::{Execution, Plan, Tool, ToolContext};

pub(super) struct ListRecentChats;

pub(super) struct StartServiceConversation {
    pub(super) messengers: Messengers,
}

pub(super) struct ReplyServiceConversation {
    pub(super) messengers: Messengers,
}

const LIST: Parameters = Parameters {
    tool: "list_recent_chats",
    list: &[
        Parameter {
            name: "limit",
            kind: Kind::Integer(1, 200),
            need: Need::Optional,
            about: "How many at most; 20 if left out.",
        },
        Parameter {
            name: "kinds",
            kind: Kind::Text,
            need: Need::Optional,
            about: "`direct` (with one person, the default) or `all`.",
        },
    ],
};

const TARGET: &str = "A phone number with its country code, a JID, or the name of a recent chat.";

const START: Parameters = Parameters {
    tool: "start_service_conversation",
    list: &[
        Parameter { name: "target", kind: Kind::Text, need: Need::Required, about: TARGET },
        Parameter {
            name: "purpose",
            kind: Kind::Text,
            need: Need::Required,
            about: "What the conversation is for, in one line.",
        },
        Parameter {
            name: "first_message",
            kind: Kind::Text,
            need: Need::Required,
            about: "The whole text of the first message.",
        },
    ],
};

const REPLY: Parameters = Parameters {
    tool: "reply_service_conversation",
    list: &[
        Parameter {
            name: "message",
            kind: Kind::Text,
            need: Need::Required,
            about: "The whole text.",
        },
        Parameter {
            name: "target",
            kind: Kind::Text,
            need: Need::Optional,
            about: "The chat, if the conversation is with several.",
        },
    ],
};

#[async_trait]
impl Tool for ListRecentChats {
    fn spec(&self) -> ToolSpec {
        ToolSpec {
            name: LIST.tool,
            description: "Lists the recent chats of the person's WhatsApp account, newest first: \
                          names, numbers and times, nothing that was said.",
            parameters: LIST.schema(),
        }
    }

    fn plan(
        &self,
        arguments: &Map<String, Value>,
        _: &ToolContext,
    ) -> Result<Plan, ToolInputError> {
        let arguments = LIST.check(arguments)?;
        let groups = match arguments.given("kinds") {
            None | Some("direct") => Groups::Left,
            Some("all") => Groups::Listed,
            Some(_) => return Err(LIST.error("knows `direct` and `all` as `kinds`")),
        };
        let limit = arguments.integer("limit").unwrap_or(20);
        let limit = usize::try_from(limit).unwrap_or(20);
        Ok(Plan::Converse(ServiceRequest::Recent { limit, groups }))
    }

    async fn execute(&self, _: PermittedAction, _: &Execution) -> ToolOutput {
        ToolOutput::not_mine(LIST.tool)
    }
}

#[async_trait]
impl Tool for StartServiceConversation {
    fn spec(&self) -> ToolSpec {
        ToolSpec {
            name: START.tool,
            description: "Begins a service conversation on WhatsApp, such as with a phone company \
                          or a clinic, on the person's behalf. A person approves the first \
                          message. Replies come into this conversation later, as data from a third \
                          party.",
            parameters: START.schema(),
        }
    }

    fn plan(
        &self,
        arguments: &Map<String, Value>,
        _: &ToolContext,
    ) -> Result<Plan, ToolInputError> {
        let arguments = START.check(arguments)?;
        Ok(Plan::Converse(ServiceRequest::Start {
            target: arguments.text("target").to_owned(),
            purpose: arguments.text("purpose").to_owned(),
            message: arguments.text("first_message").to_owned(),
        }))
    }

    async fn execute(&self, action: PermittedAction, execution: &Execution) -> ToolOutput {
        send(&self.messengers, action, (START.tool, execution)).await
    }
}

#[async_trait]
impl Tool for ReplyServiceConversation {
    fn spec(&self) -> ToolSpec {
        ToolSpec {
            name: REPLY.tool,
            description: "Writes into a service conversation that is going on. Depending on its \
                          mode a person sees the message first.",
            parameters: REPLY.schema(),
        }
    }

    fn plan(
        &self,
        arguments: &Map<String, Value>,
        _: &ToolContext,
    ) -> Result<Plan, ToolInputError> {
        let arguments = REPLY.check(arguments)?;
        Ok(Plan::Converse(ServiceRequest::Reply {
            target: arguments.given("target").map(str::to_owned),
            message: arguments.text("message").to_owned(),
        }))
    }

    async fn execute(&self, action: PermittedAction, execution: &Execution) -> ToolOutput {
        send(&self.messengers, action, (REPLY.tool, execution)).await
    }
}

async fn send(
    messengers: &Messengers,
    action: PermittedAction,
    (tool, execution): (&'static str, &Execution),
) -> ToolOutput {
    let permit = match permit(action) {
        Ok(permit) => permit,
        Err(output) => return output,
    };
    let Action::SendMessage { destination, .. } = permit.action() else {
        return ToolOutput::not_mine(tool);
    };
    match messengers.to(destination) {
        Some(messenger) => follow(messenger.deliver(permit), execution).await,
        None => ToolOutput::error(format!("nobody carries messages to {destination} any more")),
    }
}
