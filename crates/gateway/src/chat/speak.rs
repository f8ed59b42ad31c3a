//! Something for the agent: it becomes a run, in its conversation, in one commit.

use std::sync::Mutex;

use countersign_domain::chat::{ChatRun, Conversation, Delivery};
use countersign_domain::ids::{RunId, SessionId};
use countersign_domain::runs::RunStatus;
use countersign_domain::slash_access::AuthorizedCommand;
use countersign_domain::time::Timestamp;
use countersign_ports::store::{
    Change, Conflicting, PageRequest, RunFilter, Standing, StoreError, UnitOfWork, Versioned,
};
use serde_json::{Value, json};

use super::desk::held;
use super::receive::Heard;
use super::reply::Reply;
use super::settings::BusyMode;
use super::speaker::{Speaker, ToldBy};
use crate::gateway::{Gateway, Settles};
use crate::start_run::{Role, RunStarted, StartRun};
use crate::steer_run::Steered;

/// The tool that gives a line to the shell.
const SHELL_TOOL: &str = "terminal";

/// How something for the agent came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Manner<'s> {
    /// It was simply said.
    Said,
    /// `/retry`: it was said before, in this run, which is taken back.
    Again(RunId),
    /// A quick command: the shell is given this, and no model takes part.
    Quick(&'s str),
    /// `/service start`: this tool is called, and no model takes part.
    Calling(&'static str, &'s Value),
    /// `/queue`: it waits for its turn, whatever `sessions.busy` says.
    Queued,
    /// `/background`: it runs in a session of its own.
    Beside,
}

/// A failure that may be somebody else having been quicker, but not the same message.
#[derive(Debug)]
struct Unsaid {
    error: StoreError,
    is_repetition: Repetition,
}

/// Whether the message itself was there before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Repetition {
    Yes,
    No,
}

impl Settles for Unsaid {
    fn is_conflict(&self) -> bool {
        self.error.is_conflict() && self.is_repetition == Repetition::No
    }
}

impl From<StoreError> for Unsaid {
    fn from(error: StoreError) -> Self {
        Self { error, is_repetition: Repetition::No }
    }
}

/// So many messages of one conversation may wait for the agent.
const MOST_QUEUED: usize = 20;

impl Gateway {
    /// `/queue` and `/background`: what they are given is for the agent.
    pub(super) async fn prompted(
        &self,
        speaker: &Speaker,
        command: &AuthorizedCommand,
        manner: Manner<'_>,
        delivery: Option<Delivery>,
    ) -> Result<Heard, StoreError> {
        if command.arguments().is_empty() {
            self.take_delivery(delivery).await?;
            let what = format!("Say what is to be done: /{} <prompt>", command.name());
            return Ok(Heard::told(Reply::own(what)));
        }
        let standing = self.standing(speaker).await?;
        if let Some(full) =
            self.no_files_for(speaker, (&standing, manner), delivery.as_ref()).await?
        {
            self.take_delivery(delivery).await?;
            return Ok(Heard::told(full));
        }
        let text = &self.with_files(speaker, command.arguments(), delivery.as_ref()).await;
        self.speak(speaker, text, manner, delivery).await
    }

    /// Has the agent work on `text`.
    pub(super) async fn speak(
        &self,
        speaker: &Speaker,
        text: &str,
        manner: Manner<'_>,
        delivery: Option<Delivery>,
    ) -> Result<Heard, StoreError> {
        let standing = self.standing(speaker).await?;
        self.speak_where(standing, (speaker, text), manner, delivery).await
    }

    /// The same where things stand so. When this returns, the run is on stable storage, and what the
    /// person is told about it is true.
    pub(super) async fn speak_where(
        &self,
        standing: Standing,
        (speaker, text): (&Speaker, &str),
        manner: Manner<'_>,
        delivery: Option<Delivery>,
    ) -> Result<Heard, StoreError> {
        if let Some(full) = self.no_room(&standing, manner).await? {
            // Nor later, when somebody has said it again.
            self.take_delivery(delivery).await?;
            return Ok(Heard::told(full));
        }
        // What was read is good for one attempt.
        let known = Mutex::new(Some(standing));
        let spoken = self
            .until_settled(|| {
                let known = held(&known).take();
                self.try_speak(known, (speaker, text), manner, delivery.clone())
            })
            .await
            .map_err(|unsaid| unsaid.error)?;
        let Spoken { started, before } = spoken;
        let reply = self.tell_about(speaker, manner, before).await?;
        self.wake(started.run_id);
        if speaker.told_by == ToldBy::Platform {
            self.owe_at(&speaker.address, started.session_id);
        }
        Ok(Heard { reply, run: Some((started.run_id, started.session_id)), turned_to: None })
    }

    /// What is said to somebody whose message is not taken, because the agent has too much to do.
    pub(super) async fn no_room(
        &self,
        standing: &Standing,
        manner: Manner<'_>,
    ) -> Result<Option<Reply>, StoreError> {
        let limit = self.settings.max_working_runs;
        // What waits behind another run is not at work yet; what is begun beside it is.
        let working = match (standing.working, manner) {
            (Some(working), _) => working,
            (None, Manner::Beside) => self.store.runs().working().await?,
            (None, _) => 0,
        };
        if working >= limit {
            let full = format!("{limit} runs are at work, which is the most at one time. ");
            return Ok(Some(Reply::own(full).and("This was not taken; say it again later.")));
        }
        self.full_queue(standing, manner).await
    }

    /// What is said to somebody behind whose work as much waits as may.
    async fn full_queue(
        &self,
        standing: &Standing,
        manner: Manner<'_>,
    ) -> Result<Option<Reply>, StoreError> {
        let behind = standing.active.filter(|_| manner != Manner::Beside);
        let conversation = standing.conversation.as_ref().filter(|_| behind.is_some());
        let Some(session_id) = conversation.map(|found| found.value.session) else {
            return Ok(None);
        };
        let filter = RunFilter {
            session_id: Some(session_id),
            status: Some(RunStatus::Queued),
            ..RunFilter::default()
        };
        let page = PageRequest { before: None, limit: MOST_QUEUED };
        let waiting = self.store.runs().runs(filter, page).await?.items.len();
        Ok((waiting >= MOST_QUEUED).then(|| {
            Reply::own(format!("{waiting} messages wait here for the agent, which is the most. "))
                .and("This was not taken; say it again later, or /stop what it does.")
        }))
    }

    async fn try_speak(
        &self,
        known: Option<Standing>,
        (speaker, text): (&Speaker, &str),
        manner: Manner<'_>,
        delivery: Option<Delivery>,
    ) -> Result<Spoken, Unsaid> {
        let now = self.clock.now();
        let id = delivery.as_ref().map(|delivery| delivery.id.clone());
        let mut work = UnitOfWork::new();
        work.changes.extend(delivery.map(|delivery| Change::AddDelivery(Box::new(delivery))));
        let Standing { conversation: found, active, .. } = match known {
            Some(known) => known,
            None => self.standing(speaker).await?,
        };
        let present = found.as_ref().map(|found| found.value.session);
        let conversation = self.spoken_in(speaker, found, manner, &mut work);
        let session_id = match manner {
            Manner::Said
            | Manner::Again(_)
            | Manner::Quick(_)
            | Manner::Calling(..)
            | Manner::Queued => conversation.session,
            Manner::Beside => SessionId::from_uuid(self.entropy.uuid()),
        };
        // In a session that has just begun nothing is at work.
        let before = active.filter(|_| present == Some(session_id));
        let started = RunStarted { run_id: RunId::from_uuid(self.entropy.uuid()), session_id };
        let request = StartRun {
            input: vec![(Role::User, text.to_owned())],
            model: conversation.model,
            without: conversation.undone,
            calls: match manner {
                Manner::Quick(shell) => vec![(SHELL_TOOL, json!({"command": shell}))],
                Manner::Calling(tool, arguments) => vec![(tool, arguments.clone())],
                Manner::Said | Manner::Again(_) | Manner::Queued | Manner::Beside => Vec::new(),
            },
            ..StartRun::default()
        };
        if manner == Manner::Beside {
            self.hand_on_unasked(conversation.session, session_id, &mut work).await?;
        }
        work.changes.extend(self.new_run(request, &speaker.caller, started, now).changes);
        if speaker.told_by == ToldBy::Platform {
            let (run_id, address) = (started.run_id, speaker.address.clone());
            let answers = speaker.quoted.clone();
            let owed = ChatRun { run_id, session_id, address, told: 0, answers, growing: None };
            work.push(Change::AddChatRun(Box::new(owed)));
        }
        match self.commit(work).await {
            Ok(_) => Ok(Spoken { started, before }),
            Err(error) => Err(unsaid(error, id.as_deref())),
        }
    }

    /// `/steer`, and a message under `sessions.busy: steer`: the run that is at work is told.
    pub(super) async fn steer(
        &self,
        speaker: &Speaker,
        text: &str,
        delivery: Option<Delivery>,
    ) -> Result<Heard, StoreError> {
        let Some(run) = self.active_run(speaker).await? else {
            return self.speak(speaker, text, Manner::Said, delivery).await;
        };
        // What a run asks for is asked for by whoever began it: nobody else puts words into it.
        if self.run(run).await?.value.requested_by != speaker.caller.principal {
            return self.speak(speaker, text, Manner::Queued, delivery).await;
        }
        let id = delivery.as_ref().map(|delivery| delivery.id.clone());
        let steered = self.until_settled(|| async {
            let mut work = UnitOfWork::new();
            let taken = delivery.clone().map(|taken| Change::AddDelivery(Box::new(taken)));
            work.changes.extend(taken);
            let steered = self.steer_run(run, text, work).await;
            steered.map_err(|error| unsaid(error, id.as_deref()))
        });
        let reply = match steered.await.map_err(|unsaid| unsaid.error)? {
            Steered::Over => return self.speak(speaker, text, Manner::Said, delivery).await,
            Steered::Full => {
                self.take_delivery(delivery).await?;
                Reply::own("This was not taken: more waits to be read than may.")
            }
            Steered::Taken => {
                let reply = Reply::own("Told: the agent reads it before its next step.");
                self.no_decision(speaker, reply).await?
            }
        };
        Ok(Heard::told(reply))
    }

    /// The conversation as it is once something is said in it now.
    fn spoken_in(
        &self,
        speaker: &Speaker,
        found: Option<Versioned<Conversation>>,
        manner: Manner<'_>,
        work: &mut UnitOfWork,
    ) -> Conversation {
        let now = self.clock.now();
        let Some(found) = found else {
            let new = self.first_conversation(speaker, now);
            work.push(Change::AddConversation(Box::new(new.clone())));
            return new;
        };
        let goes_on = speaker.session.is_some();
        let begins_anew = self.settings.chat.begins_anew(found.value.spoken_at, now);
        let mut next = if begins_anew && !goes_on {
            found.value.turned_to(SessionId::from_uuid(self.entropy.uuid()), None, now)
        } else {
            Conversation { spoken_at: now, ..found.value }
        };
        if let Manner::Again(run) = manner {
            next.undone.push(run);
        }
        work.push(Change::UpdateConversation(Box::new(next.clone()), found.version));
        next
    }

    /// A conversation in which nothing was said yet.
    pub(super) fn first_conversation(&self, speaker: &Speaker, now: Timestamp) -> Conversation {
        Conversation {
            key: speaker.key.clone(),
            address: speaker.address.clone(),
            scope: speaker.scope,
            session: SessionId::from_uuid(self.entropy.uuid()),
            title: None,
            model: None,
            spoken_at: now,
            undone: Vec::new(),
            earlier: Vec::new(),
        }
    }

    /// What the person is told about a message that came while the agent was at work.
    async fn tell_about(
        &self,
        speaker: &Speaker,
        manner: Manner<'_>,
        before: Option<RunId>,
    ) -> Result<Option<Reply>, StoreError> {
        if manner == Manner::Beside {
            return Ok(Some(Reply::own("Taken; it is done beside the present work.")));
        }
        let Some(before) = before else {
            return Ok(None);
        };
        if manner == Manner::Said && self.settings.chat.busy == BusyMode::Interrupt {
            let stopped = self.stop_run(before, &speaker.in_conversation()).await;
            if let Err(error) = stopped {
                tracing::warn!(%error, "a run could not be interrupted");
                return Ok(Some(Reply::own("Queued; the present work could not be stopped.")));
            }
            return Ok(Some(Reply::own("The present work is stopped for this.")));
        }
        let reply = Reply::own("Queued: the agent sees to it after its present work.");
        self.no_decision(speaker, reply).await.map(Some)
    }

    /// `reply`, and that what was said decides nothing, while something waits to be decided.
    async fn no_decision(&self, speaker: &Speaker, reply: Reply) -> Result<Reply, StoreError> {
        Ok(match self.waiting_here(speaker).await?.len() {
            0 => reply,
            1 => reply.and(" It was not taken as a decision on the approval that waits."),
            more => reply.and(format!(
                " It was not taken as a decision on any of the {more} approvals that wait."
            )),
        })
    }
}

fn unsaid(error: StoreError, delivery: Option<&str>) -> Unsaid {
    let repeated = matches!(
        (&error, delivery),
        (StoreError::Conflict(Conflicting::Value(value)), Some(id)) if value == id
    );
    let is_repetition = if repeated { Repetition::Yes } else { Repetition::No };
    Unsaid { error, is_repetition }
}

/// What was committed.
struct Spoken {
    started: RunStarted,
    /// The run that was active then.
    before: Option<RunId>,
}
