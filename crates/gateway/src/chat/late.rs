//! Answers of plugins that come when the platform waits no more: posted where they were asked for, and
//! to whoever asked alone if nobody else saw that they did.
//!
//! They are kept nowhere: who dies before the plugin answers has nothing to post.

use std::sync::Arc;
use std::time::Duration;

use countersign_domain::chat::{Address, ChatScope, MessageId, PersonId};
use countersign_domain::commands::CommandName;
use countersign_domain::slash_access::Asker;
use countersign_ports::platform::{Feature, TextPost};
use countersign_ports::plugins::{PluginCall, PluginError, Plugins};
use tokio::task::JoinHandle;

use super::desk::held;
use super::post::Lane;
use super::reply::{Reply, pieces};
use super::speaker::{Answered, Speaker, ToldBy};
use crate::gateway::Gateway;

/// Platforms want an answer within three seconds.
const AT_ONCE: Duration = Duration::from_secs(2);

/// How long a plugin has in all.
pub(super) const IN_ALL: Duration = Duration::from_secs(30);

/// Where a late answer is shown.
enum LatePlace {
    /// Where it was asked for.
    Chat,
    /// To whoever asked, alone.
    Alone(PersonId),
    /// To nobody: the others there are not to see what was asked alone.
    Nowhere,
}

/// An answer that is still to come.
pub(crate) struct Late {
    speaker: Box<Speaker>,
    command: CommandName,
    id: String,
    answer: JoinHandle<Result<String, PluginError>>,
}

impl Gateway {
    /// What `plugin` answers; on a platform, that it is still at work if it is, and the answer later.
    pub(super) async fn answer_of(
        &self,
        speaker: &Speaker,
        plugins: &Arc<dyn Plugins>,
        (plugin, call): (&str, PluginCall),
    ) -> Reply {
        let (command, plugin, plugins) = (call.command.clone(), plugin.to_owned(), plugins.clone());
        let mut answer = tokio::spawn(async move { plugins.call(&plugin, call).await });
        let patience = match speaker.told_by {
            ToldBy::Platform => AT_ONCE,
            // It has the plugin's own time, and a little more.
            ToldBy::Caller => IN_ALL * 2,
        };
        if let Ok(answered) = tokio::time::timeout(patience, &mut answer).await {
            return self.plugin_reply(&command, answered.unwrap_or(Err(PluginError::Gone)));
        }
        let place = match self.late_place(speaker) {
            LatePlace::Chat => "the answer is posted here.",
            LatePlace::Alone(_) => "you alone are shown the answer.",
            LatePlace::Nowhere => {
                "its answer cannot be shown to you alone here any more. Use it in a direct message."
            }
        };
        let told = format!("/{command} takes its time; {place}");
        let id = format!("late:{}", self.entropy.uuid());
        let speaker = Box::new(speaker.clone());
        held(&self.chats.late).push(Late { speaker, command, id, answer });
        self.chats.more_late.notify_one();
        Reply::own(told)
    }

    /// Posts what comes too late for the platform.
    pub(super) fn post_late(self: &Arc<Self>) {
        for late in std::mem::take(&mut *held(&self.chats.late)) {
            let gateway = self.clone();
            tokio::spawn(async move { gateway.post_when_there(late).await });
        }
    }

    async fn post_when_there(&self, late: Late) {
        let Late { speaker, command, id, answer } = late;
        let answered = answer.await.unwrap_or(Err(PluginError::Gone));
        let text = self.plugin_reply(&command, answered).render(speaker.surface);
        let Some(adapter) = self.chats.adapter(&speaker.address) else {
            return;
        };
        let only_for = match self.late_place(&speaker) {
            LatePlace::Chat => None,
            LatePlace::Alone(person) => Some(person),
            LatePlace::Nowhere => {
                tracing::info!(%command, "an answer came too late to be shown to its asker alone");
                return;
            }
        };
        self.note_spoken(&speaker.address).await;
        let about = adapter.about();
        for (number, piece) in pieces(&text, about.longest_text).into_iter().enumerate() {
            let place = (&speaker.address, speaker.quoted.as_ref().filter(|_| number == 0));
            let post = post(format!("{id}:{number}"), place, only_for.clone(), piece);
            if !self.is_taken(about, Lane::Answers, || adapter.post_text(&post)).await {
                return;
            }
        }
    }

    fn late_place(&self, speaker: &Speaker) -> LatePlace {
        if speaker.scope == ChatScope::Dm {
            return LatePlace::Chat;
        }
        let can = |feature| {
            let adapter = self.chats.adapter(&speaker.address);
            adapter.is_some_and(|adapter| adapter.about().features.contains(&feature))
        };
        let alone = match speaker.answered {
            Answered::Openly if can(Feature::Ephemerals) => person_of(speaker),
            Answered::Openly => return LatePlace::Chat,
            Answered::Alone => {
                person_of(speaker).filter(|_| can(Feature::Ephemerals) || can(Feature::DirectChats))
            }
        };
        alone.map_or(LatePlace::Nowhere, LatePlace::Alone)
    }
}

fn person_of(speaker: &Speaker) -> Option<PersonId> {
    match &speaker.asker {
        Asker::Operator => None,
        Asker::Person(person) => person.id.clone(),
    }
}

fn post(
    id: String,
    (address, quoted): (&Address, Option<&MessageId>),
    only_for: Option<PersonId>,
    text: String,
) -> TextPost {
    TextPost { id, address: address.clone(), reply_to: quoted.cloned(), only_for, text }
}
