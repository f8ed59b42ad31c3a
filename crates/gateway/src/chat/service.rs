//! `/chats` and `/service`.

use countersign_domain::access::Scope;
use countersign_domain::approvals::Rights;
use countersign_domain::chat::Delivery;
use countersign_domain::service_conversations::{ChatMode, SaidBy, ServiceChat};
use countersign_domain::slash_access::AuthorizedCommand;
use countersign_ports::effect_gate::Groups;
use countersign_ports::store::StoreError;

use super::receive::Heard;
use super::reply::Reply;
use super::speak::Manner;
use super::speaker::{Speaker, ToldBy};
use crate::caller::Caller;
use crate::gateway::Gateway;
use crate::service_chats::{
    ChangeChatError, ChatChange, ServiceChatsError, StartChat, StartChatError, numbers_for,
};

/// How many chats and messages are listed.
const LISTED: usize = 20;

const HELP: &str = "/service list\n/service show <chat>\n/service start <chat> | <message>\n\
    /service approve|pause|resume|revoke <chat>\n/service mode <chat> draft_first|autonomous|paused\n\
    A chat is a phone number with its country code, a JID, or a name.";

/// A message that `/service start` wants sent: to whom, and what.
pub(super) fn wanted_message(arguments: &str) -> Option<(&str, &str)> {
    let rest = arguments.trim().strip_prefix("start")?;
    let (target, message) = rest.strip_prefix(char::is_whitespace)?.split_once('|')?;
    Some((target.trim(), message.trim()))
}

impl Gateway {
    /// `/chats`. Only admins are shown whole numbers.
    pub(super) async fn recent_here(
        &self,
        speaker: &Speaker,
        command: &AuthorizedCommand,
    ) -> Reply {
        if let Some(refused) = lacking(speaker, Scope::ApprovalsRead) {
            return refused;
        }
        let whole = speaker.rights(command.tier()) == Rights::Admin;
        let groups =
            if command.arguments().trim() == "all" { Groups::Listed } else { Groups::Left };
        let views = match self.recent_views(LISTED, groups, whole).await {
            Ok(views) => views,
            Err(error) => return Reply::own(format!("The chats cannot be listed: {error}")),
        };
        let mut reply = Reply::own("Recent chats, newest first:");
        for view in views {
            reply = reply.and("\n- ").quoting(view.name.unwrap_or_else(|| "(no name)".to_owned()));
            reply = reply.and(format!(" {} ({} unread)", view.id, view.unread));
        }
        if !self.settings.service.enabled.is_on() {
            let off = "\nSending is off: `whatsapp.service_conversations.enabled`.";
            reply = reply.and(off);
        }
        if let Some(told) = self.of_the_list() {
            reply = reply.and("\n").and(told);
        }
        reply
    }

    /// `/service`, all but `start`.
    pub(super) async fn service_here(
        &self,
        speaker: &Speaker,
        command: &AuthorizedCommand,
    ) -> Result<Reply, StoreError> {
        if let Some(refused) = lacking(speaker, Scope::ApprovalsRead) {
            return Ok(refused);
        }
        let arguments = command.arguments().trim();
        let (verb, rest) = arguments.split_once(char::is_whitespace).unwrap_or((arguments, ""));
        let rest = rest.trim();
        let rights = speaker.rights(command.tier());
        let change = match verb {
            "" | "list" => return self.service_list(rights).await,
            "show" => return self.service_thread(speaker, rest, rights).await,
            "approve" => ChatChange::Approve { seen: None },
            "pause" => ChatChange::Pause,
            "resume" => ChatChange::Resume,
            "revoke" => ChatChange::Revoke,
            "mode" => {
                let Some((target, word)) = rest.rsplit_once(char::is_whitespace) else {
                    return Ok(Reply::own(HELP));
                };
                return match word.parse::<ChatMode>() {
                    Ok(mode) => {
                        let change = ChatChange::Mode(mode);
                        self.change_here(speaker, command, (target.trim(), change)).await
                    }
                    Err(error) => Ok(Reply::own(error.to_string())),
                };
            }
            _ => return Ok(Reply::own(HELP)),
        };
        self.change_here(speaker, command, (rest, change)).await
    }

    async fn change_here(
        &self,
        speaker: &Speaker,
        command: &AuthorizedCommand,
        (target, change): (&str, ChatChange),
    ) -> Result<Reply, StoreError> {
        if let Some(refused) = lacking(speaker, Scope::ApprovalsDecide) {
            return Ok(refused);
        }
        // Approvers change chats: by a list, or elsewhere in the house.
        if speaker.rights(command.tier()) != Rights::Admin {
            return Ok(Reply::own("Only approvers change service chats."));
        }
        let caller = Caller { principal: speaker.caller.principal.clone(), ..Caller::operator() };
        match self.change_service_chat(target, change, &caller).await {
            Ok(chat) => Ok(described(&chat, Rights::Admin)),
            Err(ChangeChatError::Store(error)) => Err(error),
            Err(error) => Ok(Reply::own(format!("Nothing was changed: {error}"))),
        }
    }

    async fn service_list(&self, rights: Rights) -> Result<Reply, StoreError> {
        let (views, limits) = match self.service_chats(&Caller::operator()).await {
            Ok(found) => found,
            Err(ServiceChatsError::Store(error)) => return Err(error),
            Err(error) => return Ok(Reply::own(error.to_string())),
        };
        let switch = if limits.enabled { "on" } else { "off" };
        let mut reply = Reply::own(format!(
            "Service conversations are {switch}; {} of {} chats begun within 24 hours.",
            limits.begun_today, limits.most_new
        ));
        for view in views.iter().take(LISTED) {
            reply = reply.and("\n- ").joined(described(&view.chat, rights));
            if !view.open_drafts.is_empty() {
                reply = reply.and(format!(", {} drafts wait", view.open_drafts.len()));
            }
        }
        Ok(reply)
    }

    /// The thread, for whoever it is led for and for admins.
    async fn service_thread(
        &self,
        speaker: &Speaker,
        target: &str,
        rights: Rights,
    ) -> Result<Reply, StoreError> {
        let (view, thread) = match self.service_chat(target, None, &Caller::operator()).await {
            Ok(found) => found,
            Err(ServiceChatsError::Store(error)) => return Err(error),
            Err(error) => return Ok(Reply::own(error.to_string())),
        };
        let owner = view.chat.place.as_ref().map(|place| &place.owner);
        if rights != Rights::Admin && owner != Some(&speaker.caller.principal) {
            return Ok(Reply::own("Only whom it is led for, and admins, are shown what was said."));
        }
        let mut reply = described(&view.chat, rights);
        for one in thread.iter().take(LISTED).rev() {
            let who = match &one.said.by {
                SaidBy::Provider { given: true, .. } => "provider",
                SaidBy::Provider { given: false, .. } => "provider (kept from the model)",
                SaidBy::ByHand => "you, by hand",
                SaidBy::House { .. } => "sent",
            };
            reply = reply.and(format!("\n{who}: ")).quoting(one.said.text.clone());
        }
        Ok(reply)
    }

    /// `/service start`: what is sent is decided by the chat, usually by an approval here.
    pub(super) async fn write_to_provider(
        &self,
        speaker: &Speaker,
        command: &AuthorizedCommand,
        (target, message): (&str, &str),
        delivery: Option<Delivery>,
    ) -> Result<Heard, StoreError> {
        let refused = |why: String| Heard { reply: Some(Reply::own(why)), ..Heard::default() };
        if !self.settings.service.enabled.is_on() || message.is_empty() {
            self.take_delivery(delivery).await?;
            let off = "Service conversations are off: `whatsapp.service_conversations.enabled`.";
            let why = if message.is_empty() { HELP } else { off };
            return Ok(refused(why.to_owned()));
        }
        let numbers = numbers_for(speaker.rights(command.tier()) == Rights::Admin);
        let (id, _) = match self.resolve_target(target, numbers).await {
            Ok(found) => found,
            Err(StartChatError::Store(error)) => return Err(error),
            Err(error) => {
                self.take_delivery(delivery).await?;
                return Ok(refused(format!("Nothing was drafted: {error}")));
            }
        };
        let start = StartChat {
            target: target.to_owned(),
            message: message.to_owned(),
            purpose: None,
            session_id: None,
        };
        let (tool, arguments) = self.call_for(&id, &start).await?;
        let manner = Manner::Calling(tool, &arguments);
        let heard = self
            .speak(speaker, &format!("/service {}", command.arguments()), manner, delivery)
            .await?;
        let note = match speaker.told_by {
            ToldBy::Platform => None,
            ToldBy::Caller => Some(Reply::own(format!("A message to {id} is drafted."))),
        };
        Ok(Heard { reply: heard.reply.or(note), ..heard })
    }
}

/// What a caller of the API is told who may not do by a command what it may not do by a route.
fn lacking(speaker: &Speaker, needs: Scope) -> Option<Reply> {
    match speaker.told_by {
        ToldBy::Platform => None,
        ToldBy::Caller => {
            let lacks = speaker.caller.require(needs).err()?;
            Some(Reply::own(format!("Nothing is shown or changed: {lacks}.")))
        }
    }
}

fn described(chat: &ServiceChat, rights: Rights) -> Reply {
    let id = if rights == Rights::Admin { chat.id.to_string() } else { chat.id.masked() };
    let name = chat.name.clone().unwrap_or_else(|| "(no name)".to_owned());
    let mode = chat.state.mode().map_or_else(String::new, |mode| format!(", {}", mode.as_str()));
    let status = chat.state.status().as_str();
    Reply::own("").quoting(name).and(format!(" {id}: {status}{mode}"))
}
