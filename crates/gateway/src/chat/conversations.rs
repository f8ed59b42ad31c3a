//! The commands about conversations and the work in them.

use countersign_domain::chat::Conversation;
use countersign_domain::ids::{RunId, SessionId};
use countersign_domain::slash_access::AuthorizedCommand;
use countersign_ports::store::{Change, Standing, StoreError, UnitOfWork, Versioned};

use super::receive::Heard;
use super::reply::Reply;
use super::speaker::Speaker;
use crate::gateway::Gateway;
use crate::stop_run::StopRunError;

/// The longest name of a conversation or a model, in characters.
const LONGEST_NAME: usize = 80;

/// How many conversations are listed.
const LISTED: usize = 10;

impl Gateway {
    /// `/new`.
    pub(super) async fn new_conversation(
        &self,
        speaker: &Speaker,
        command: &AuthorizedCommand,
    ) -> Result<Heard, StoreError> {
        let title = name(command.arguments());
        let session = SessionId::from_uuid(self.entropy.uuid());
        self.change_conversation(speaker, |conversation| {
            conversation.turned_to(session, title.clone(), self.clock.now())
        })
        .await?;
        let reply = Reply::own("A new conversation begins. /resume goes back to the one before.");
        Ok(Heard { turned_to: Some(session), ..Heard::told(reply) })
    }

    /// A new session begins in the conversation, whatever goes on in the present one.
    pub(super) async fn begin_in(&self, speaker: &mut Speaker) -> Result<(), StoreError> {
        let (session, now) = (SessionId::from_uuid(self.entropy.uuid()), self.clock.now());
        self.change_conversation(speaker, |present| present.turned_to(session, None, now)).await?;
        speaker.session = Some(session);
        Ok(())
    }

    /// The conversation goes on in `session`. It is written with what is said in it, so that two who
    /// say something in two sessions of one chat do not get into each other's.
    pub(super) async fn turn_to(
        &self,
        speaker: &mut Speaker,
        session: SessionId,
    ) -> Result<(), StoreError> {
        if self.conversation(speaker).await?.is_none() {
            let now = self.clock.now();
            self.change_conversation(speaker, |first| first.turned_to(session, None, now)).await?;
        }
        speaker.session = Some(session);
        Ok(())
    }

    /// `/title`.
    pub(super) async fn title(
        &self,
        speaker: &Speaker,
        command: &AuthorizedCommand,
    ) -> Result<Reply, StoreError> {
        let Some(title) = name(command.arguments()) else {
            let title = self.conversation(speaker).await?.and_then(|found| found.value.title);
            return Ok(match title {
                Some(title) => Reply::own("This conversation is called ").quoting(title),
                None => Reply::own("This conversation has no name. Give it one: /title <name>"),
            });
        };
        self.change_conversation(speaker, |conversation| Conversation {
            title: Some(title.clone()),
            ..conversation.clone()
        })
        .await?;
        Ok(Reply::own("This conversation is now called ").quoting(title))
    }

    /// `/sessions`.
    pub(super) async fn sessions(
        &self,
        speaker: &Speaker,
        _: &AuthorizedCommand,
    ) -> Result<Reply, StoreError> {
        let Some(found) = self.conversation(speaker).await? else {
            return Ok(Reply::own("Nothing was said here yet."));
        };
        let conversation = found.value;
        let mut reply = titled(Reply::own("Now: "), conversation.title.as_deref());
        for (number, earlier) in (1..).zip(conversation.earlier.iter().take(LISTED)) {
            reply = titled(reply.and(format!("\n{number}: ")), earlier.title.as_deref());
            reply = reply.and(format!(", last spoken in {}", earlier.spoken_at));
        }
        Ok(reply.and("\nTo go back: /resume <number or name>"))
    }

    /// `/resume`.
    pub(super) async fn resume_conversation(
        &self,
        speaker: &Speaker,
        command: &AuthorizedCommand,
    ) -> Result<Heard, StoreError> {
        let found = self.conversation(speaker).await?;
        let meant = found.and_then(|found| found.value.meant(command.arguments()).cloned());
        let Some(meant) = meant else {
            let none = "There is no such conversation here; /sessions lists them.";
            return Ok(Heard::told(Reply::own(none)));
        };
        self.change_conversation(speaker, |conversation| {
            conversation.turned_to(meant.session, meant.title.clone(), self.clock.now())
        })
        .await?;
        let reply = titled(Reply::own("Back in: "), meant.title.as_deref());
        Ok(Heard { turned_to: Some(meant.session), ..Heard::told(reply) })
    }

    /// `/model`.
    pub(super) async fn choose_model(
        &self,
        speaker: &Speaker,
        command: &AuthorizedCommand,
    ) -> Result<Reply, StoreError> {
        let Some(model) = name(command.arguments()) else {
            let chosen = self.conversation(speaker).await?.and_then(|found| found.value.model);
            let model = chosen.unwrap_or_else(|| self.settings.model.clone());
            return Ok(Reply::own("The model here is ").quoting(model));
        };
        let chosen = (model != "default").then_some(model);
        self.change_conversation(speaker, |conversation| Conversation {
            model: chosen.clone(),
            ..conversation.clone()
        })
        .await?;
        let model = chosen.unwrap_or_else(|| self.settings.model.clone());
        Ok(Reply::own("From the next message on the model here is ").quoting(model))
    }

    /// `/stop`: what is at work in the conversation.
    pub(super) async fn stop_here(
        &self,
        speaker: &Speaker,
        _: &AuthorizedCommand,
    ) -> Result<Reply, StoreError> {
        let Some(run) = self.active_run(speaker).await? else {
            return Ok(Reply::own("The agent does nothing here that could be stopped."));
        };
        match self.stop_run(run, &speaker.in_conversation()).await {
            Ok(status) if status.is_final() => Ok(Reply::own("Stopped.")),
            Ok(_) => Ok(Reply::own("Stopping: what runs is being ended.")),
            Err(StopRunError::NoRun(_)) => Ok(Reply::own("It is over already.")),
            Err(StopRunError::Store(error)) => Err(error),
        }
    }

    /// The conversation that somebody is in, if anything was said in it.
    pub(super) async fn conversation(
        &self,
        speaker: &Speaker,
    ) -> Result<Option<Versioned<Conversation>>, StoreError> {
        let found = self.store.chats().conversation(&speaker.key).await?;
        Ok(found.map(|found| seen_by(speaker, found)))
    }

    /// The oldest run of the conversation that is not over.
    pub(super) async fn active_run(&self, speaker: &Speaker) -> Result<Option<RunId>, StoreError> {
        Ok(self.standing(speaker).await?.active)
    }

    /// How things stand in the conversation that somebody is in.
    pub(super) async fn standing(&self, speaker: &Speaker) -> Result<Standing, StoreError> {
        let standing = self.store.chats().standing(&speaker.key, speaker.session).await?;
        let conversation = standing.conversation.map(|found| seen_by(speaker, found));
        Ok(Standing { conversation, ..standing })
    }

    /// Changes the conversation that somebody is in, or begins it.
    pub(super) async fn change_conversation(
        &self,
        speaker: &Speaker,
        change: impl Fn(&Conversation) -> Conversation,
    ) -> Result<(), StoreError> {
        self.until_settled(|| async {
            let change = if let Some(found) = self.conversation(speaker).await? {
                Change::UpdateConversation(Box::new(change(&found.value)), found.version)
            } else {
                let first = self.first_conversation(speaker, self.clock.now());
                let new = Conversation { earlier: Vec::new(), ..change(&first) };
                Change::AddConversation(Box::new(new))
            };
            self.commit(UnitOfWork::new().and(change)).await.map(drop)
        })
        .await
    }
}

/// The conversation as it is where somebody speaks: in the session that they say.
fn seen_by(speaker: &Speaker, mut found: Versioned<Conversation>) -> Versioned<Conversation> {
    if let Some(session) = speaker.session.filter(|session| found.value.session != *session) {
        let title = found.value.title_of(session);
        found.value = found.value.turned_to(session, title, found.value.spoken_at);
    }
    found
}

fn name(arguments: &str) -> Option<String> {
    let name: String = arguments.trim().chars().take(LONGEST_NAME).collect();
    (!name.is_empty()).then_some(name)
}

fn titled(reply: Reply, title: Option<&str>) -> Reply {
    match title {
        Some(title) => reply.quoting(title),
        None => reply.and("(no name)"),
    }
}
