//! The choke point: what names a command passes the gate here, and only here.

use countersign_domain::audit::{AuditKind, AuditRecord};
use countersign_domain::chat::Delivery;
use countersign_domain::commands::{Builtin, Busy, CommandLine, Source};
use countersign_domain::identity::Actor;
use countersign_domain::slash_access::{AuthorizedCommand, Refusal, Ruling, authorize};
use countersign_ports::store::{Change, StoreError, UnitOfWork};
use serde_json::{Map, json};

use super::receive::Heard;
use super::reply::Reply;
use super::service::wanted_message;
use super::speak::Manner;
use super::speaker::Speaker;
use crate::gateway::Gateway;

impl Gateway {
    /// What becomes of `line`, which was typed as `text`. What names no command is text.
    pub(super) async fn command(
        &self,
        speaker: &Speaker,
        line: &CommandLine,
        text: &str,
        delivery: Option<Delivery>,
    ) -> Result<Heard, StoreError> {
        match self.gate(speaker, line).await? {
            Gated::Unknown => self.text(speaker, text, delivery).await,
            Gated::Refused(reply) => {
                self.take_delivery(delivery).await?;
                Ok(Heard::told(reply))
            }
            Gated::Authorized(command) => self.carry_out(speaker, &command, delivery).await,
        }
    }

    /// Passes `line` through the gate. A refusal is audited, and has no other effect.
    pub(super) async fn gate(
        &self,
        speaker: &Speaker,
        line: &CommandLine,
    ) -> Result<Gated, StoreError> {
        let registry = self.chats.registry();
        match authorize(&self.settings.chat.access, &registry, &speaker.asker, line) {
            Ruling::Unknown => Ok(Gated::Unknown),
            Ruling::Authorized(command) => Ok(Gated::Authorized(command)),
            Ruling::Refused(refusal) => {
                self.audit_refusal(speaker, &refusal).await?;
                Ok(Gated::Refused(Reply::own(refusal.to_string())))
            }
        }
    }

    async fn carry_out(
        &self,
        speaker: &Speaker,
        command: &AuthorizedCommand,
        delivery: Option<Delivery>,
    ) -> Result<Heard, StoreError> {
        let busy = self.chats.registry().find(command.name()).map(|found| found.busy);
        if busy == Some(Busy::Refused) && self.active_run(speaker).await?.is_some() {
            self.take_delivery(delivery).await?;
            let name = command.name();
            let why = format!("The agent is at work: /{name} has to wait, or /stop it first.");
            return Ok(Heard::told(Reply::own(why)));
        }
        let Source::Builtin(builtin) = command.source() else {
            return self.carry_out_other(speaker, command, delivery).await;
        };
        if *builtin == Builtin::Queue {
            return self.prompted(speaker, command, Manner::Queued, delivery).await;
        }
        if *builtin == Builtin::Background {
            return self.prompted(speaker, command, Manner::Beside, delivery).await;
        }
        if *builtin == Builtin::Retry {
            return self.retry(speaker, delivery).await;
        }
        if *builtin == Builtin::Service
            && let Some(wanted) = wanted_message(command.arguments())
        {
            return self.write_to_provider(speaker, command, wanted, delivery).await;
        }
        if *builtin == Builtin::Steer && !command.arguments().is_empty() {
            let text = &self.with_files(speaker, command.arguments(), delivery.as_ref()).await;
            return self.steer(speaker, text, delivery).await;
        }
        let brought = delivery.is_some();
        self.take_delivery(delivery).await?;
        if matches!(builtin, Builtin::New | Builtin::Resume) {
            let turned = if *builtin == Builtin::New {
                self.new_conversation(speaker, command).await
            } else {
                self.resume_conversation(speaker, command).await
            };
            return match turned {
                Err(error) => told_of_failure(brought, Err(error)).map(Heard::told),
                heard => heard,
            };
        }
        let reply = self.answer_to(speaker, command, *builtin).await;
        let mut reply = told_of_failure(brought, reply)?;
        if !speaker.files.is_empty() {
            reply = reply.and("\nThe files that came with it were not taken.");
        }
        Ok(Heard::told(reply))
    }

    async fn answer_to(
        &self,
        speaker: &Speaker,
        command: &AuthorizedCommand,
        builtin: Builtin,
    ) -> Result<Reply, StoreError> {
        match builtin {
            Builtin::Start => Ok(self.hello(speaker, command)),
            Builtin::Help => Ok(self.help(speaker, command)),
            Builtin::Commands => Ok(self.commands(speaker, command)),
            Builtin::Whoami => Ok(self.whoami(speaker, command)),
            Builtin::Status => self.status(speaker, command).await,
            Builtin::Usage => self.usage(speaker, command).await,
            Builtin::Title => self.title(speaker, command).await,
            Builtin::Sessions => self.sessions(speaker, command).await,
            Builtin::Model => self.choose_model(speaker, command).await,
            Builtin::Stop => self.stop_here(speaker, command).await,
            Builtin::Approve => self.approve(speaker, command).await,
            Builtin::Deny => self.deny(speaker, command).await,
            Builtin::Approvals => self.approvals_here(speaker, command).await,
            Builtin::Rules => self.rules_here(speaker, command).await,
            Builtin::Undo => self.undo(speaker, command).await,
            Builtin::Yolo => self.yolo(speaker, command).await,
            Builtin::Restart => self.restart(speaker).await,
            Builtin::Chats => Ok(self.recent_here(speaker, command).await),
            Builtin::Service => self.service_here(speaker, command).await,
            Builtin::Steer => Ok(Reply::own("Say what the agent is to know: /steer <prompt>")),
            // These start runs or turn to another session; they are taken care of before.
            Builtin::Queue
            | Builtin::Background
            | Builtin::Retry
            | Builtin::New
            | Builtin::Resume => Ok(Reply::default()),
        }
    }

    async fn audit_refusal(&self, speaker: &Speaker, refusal: &Refusal) -> Result<(), StoreError> {
        let record = AuditRecord {
            at: self.clock.now(),
            kind: AuditKind::CommandRefused,
            actor: Actor::Principal(speaker.caller.principal.clone()),
            subject: refusal.name.to_string(),
            session: None,
            detail: Map::from_iter([
                ("scope".to_owned(), json!(refusal.scope)),
                ("address".to_owned(), json!(speaker.address)),
            ]),
        };
        self.commit(UnitOfWork::new().and(Change::AddAudit(Box::new(record)))).await?;
        Ok(())
    }
}

/// What came of something whose delivery was taken: it is not brought again, so that whoever sent it
/// must be told when the store failed. Without a delivery the caller is told itself.
pub(super) fn told_of_failure(
    brought: bool,
    done: Result<Reply, StoreError>,
) -> Result<Reply, StoreError> {
    match done {
        Err(error) if brought => {
            tracing::error!(%error, "what was said in a chat could not be carried out");
            let why = "It is not known whether this was done: the store failed. Say it again.";
            Ok(Reply::own(why))
        }
        done => done,
    }
}

/// What the gate came to.
pub(super) enum Gated {
    Unknown,
    Refused(Reply),
    Authorized(AuthorizedCommand),
}
