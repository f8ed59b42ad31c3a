//! Telling chats what becomes of their runs: one writer a session, which alone puts and changes
//! the cards of its runs, in the order of their events.
//!
//! What is owed stands in the store. A writer that dies is begun again from there.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use countersign_domain::chat::ChatRun;
use countersign_domain::ids::SessionId;
use countersign_domain::runs::{EntryBody, Event, EventRecord, Stream};
use countersign_ports::platform::{Feature, Platform};
use countersign_ports::store::{Change, StoreError, UnitOfWork};
use tokio::task::JoinSet;

use super::desk::held;
use super::grow::Growing;
use super::listen::{LAST_WORDS, account_of};
use super::post::Posted;
use crate::gateway::Gateway;

/// After a failure of the store, the next attempt.
const PAUSE: Duration = Duration::from_secs(1);

/// Nothing waits longer for it: a card may be due.
const TYPED_WITHIN: Duration = Duration::from_secs(1);

/// What a platform shows of typing is gone after some five seconds.
const TYPING_EVERY: Duration = Duration::from_secs(4);

impl Gateway {
    /// Tells chats what becomes of their runs, for as long as it is polled.
    pub async fn serve_chats(self: &Arc<Self>) {
        let mut writers: JoinSet<SessionId> = JoinSet::new();
        let mut written: BTreeSet<SessionId> = BTreeSet::new();
        let mut kept = self.membership.accounts();
        self.surely_find_owed().await;
        loop {
            let owed = std::mem::take(&mut *held(&self.chats.owed));
            for session in owed {
                if written.insert(session) {
                    let gateway = self.clone();
                    writers.spawn(async move {
                        gateway.write_to(session).await;
                        session
                    });
                }
            }
            tokio::select! {
                () = self.chats.more_owed.notified() => {}
                // What another node has not told is this one's to tell.
                Ok(()) = kept.changed() => self.surely_find_owed().await,
                () = self.chats.more_late.notified() => self.post_late(),
                () = self.chats.menus_changed.notified() => self.renew_menus().await,
                Some(ended) = writers.join_next() => self.writer_ended(ended.ok(), &mut written).await,
            }
        }
    }

    async fn surely_find_owed(&self) {
        while let Err(error) = self.find_owed().await {
            tracing::warn!(%error, "what is owed to chats could not be read");
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Looks for what is owed to chats whose bots this node keeps.
    pub(crate) async fn find_owed(&self) -> Result<(), StoreError> {
        if !self.chats.attached().keys().any(|account| self.membership.keeps(account)) {
            return Ok(());
        }
        for session in self.store.chats().owed_sessions().await? {
            self.chats.owe(session);
        }
        Ok(())
    }

    /// What came after the writer had looked for the last time is seen to by the next.
    async fn writer_ended(&self, session: Option<SessionId>, written: &mut BTreeSet<SessionId>) {
        let Some(session) = session else {
            // Which one panicked is not known: whoever is still owed is written to anew.
            written.clear();
            if let Err(error) = self.find_owed().await {
                tracing::warn!(%error, "what is owed to chats could not be read");
            }
            return;
        };
        written.remove(&session);
        match self.store.chats().chat_runs(session).await {
            Ok(runs) if runs.iter().any(|run| self.kept_adapter(&run.address).is_some()) => {
                self.chats.owe(session);
            }
            Ok(_) => {}
            Err(error) => {
                tracing::warn!(%error, "what is owed to a chat could not be read");
                self.chats.owe(session);
            }
        }
    }

    /// Tells of the runs of a session, one after the other, until nothing is owed.
    async fn write_to(self: &Arc<Self>, session: SessionId) {
        loop {
            match self.write_next(session).await {
                Ok(Owed::More) => {}
                Ok(Owed::Nothing) => return,
                Err(error) => {
                    tracing::warn!(%error, "a chat could not be told of a run");
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    }

    async fn write_next(self: &Arc<Self>, session: SessionId) -> Result<Owed, StoreError> {
        let runs = self.store.chats().chat_runs(session).await?;
        let next = runs.into_iter().find_map(|run| {
            let adapter = self.kept_adapter(&run.address)?;
            Some((run, adapter))
        });
        let Some((run, adapter)) = next else {
            return Ok(Owed::Nothing);
        };
        let account = account_of(adapter.about());
        tokio::select! {
            told = self.tell_run(run, &adapter) => told?,
            () = self.lost_for_good(&account) => {}
        }
        Ok(Owed::More)
    }

    /// Returns when the connection of `account` is not this node's. Who gives it away ends what it is
    /// just saying.
    async fn lost_for_good(&self, account: &str) {
        self.membership.lost(account).await;
        if self.membership.node().is_some() {
            tokio::time::sleep(LAST_WORDS).await;
        }
    }

    async fn tell_run(
        self: &Arc<Self>,
        mut run: ChatRun,
        shared: &Arc<dyn Platform>,
    ) -> Result<(), StoreError> {
        let adapter = shared.as_ref();
        if run.told == 0 {
            self.tell_what_was_heard(&run, adapter).await?;
        }
        let mut feed = self.follow(Stream::Run(run.run_id), run.told);
        let mut typing = Typing::Off;
        let mut growing = Growing::of(&run, adapter, self.settings.chat.edit_every);
        loop {
            let records = tokio::select! {
                records = feed.next() => records?,
                growth = growing.next() => {
                    self.grow(&mut run, growth, &mut growing, shared).await?;
                    continue;
                }
                () = typing.pause() => {
                    // Nobody misses it when it fails.
                    if self.chats.paused(adapter.about()).is_none() {
                        let typing = adapter.show_typing(&run.address);
                        drop(tokio::time::timeout(TYPED_WITHIN, typing).await);
                    }
                    continue;
                }
            };
            for record in records {
                let _telling = self.chats.hands.begin();
                self.is_ours_to_tell(adapter).await?;
                typing = typing.after(&record.event, adapter);
                self.heed((&mut run, record.seq), &record.event, &mut growing, shared).await?;
                if let Event::RunCompleted { output, .. } = &record.event {
                    log(self.say_whole((&run, record.seq), output, &mut growing, shared).await);
                } else {
                    self.tell_event(&run, &record, adapter).await?;
                }
                // What was not said because somebody else says it is not noted as said.
                self.is_ours_to_tell(adapter).await?;
                if record.event.is_final() {
                    let told = Change::RemoveChatRun(run.run_id);
                    self.commit(UnitOfWork::new().and(told)).await?;
                    return Ok(());
                }
                if matters(&record.event) {
                    run.told = record.seq;
                    self.note_told(&run).await?;
                }
            }
        }
    }

    async fn is_ours_to_tell(&self, adapter: &dyn Platform) -> Result<(), StoreError> {
        if self.may_write(adapter.about()).await {
            return Ok(());
        }
        Err(StoreError::Unavailable("another node tells of this run".to_owned()))
    }

    /// What a third party said that has begun the run: its reader sees it before what comes of it.
    async fn tell_what_was_heard(
        &self,
        run: &ChatRun,
        adapter: &dyn Platform,
    ) -> Result<(), StoreError> {
        for entry in self.store.runs().entries_of_run(run.run_id).await? {
            if let EntryBody::ThirdParty { from, text, .. } = entry.body {
                let text = self.redactor.redact(&text);
                log(self.post_quoted(run, &format!("{from} wrote: "), &text, adapter).await);
            }
        }
        Ok(())
    }

    async fn tell_event(
        &self,
        run: &ChatRun,
        record: &EventRecord,
        adapter: &dyn Platform,
    ) -> Result<(), StoreError> {
        match &record.event {
            Event::ApprovalRequired(card) => {
                self.put_card(run, card.approval_id, record.seq, adapter).await
            }
            Event::ApprovalUpdated { approval_id, .. } => {
                self.renew_cards(*approval_id, record.seq, run, adapter).await
            }
            Event::ApprovalResolved(notice) => {
                self.renew_cards(notice.approval_id, record.seq, run, adapter).await
            }
            Event::ApprovalExecuted(notice) => {
                self.renew_cards(notice.approval_id, record.seq, run, adapter).await
            }
            Event::ClarifyRequired { question, .. } => {
                let posted = self.post(run, record.seq, question, adapter).await;
                log(posted);
                Ok(())
            }
            Event::RunFailed { error } => {
                let text = format!("The run failed: {}", error.message);
                log(self.post(run, record.seq, &text, adapter).await);
                Ok(())
            }
            Event::ModelFellBack { from, to, .. } => {
                let text = format!("`{from}` does not answer; `{to}` is asked instead.");
                log(self.post(run, record.seq, &text, adapter).await);
                Ok(())
            }
            Event::RunCancelled { by } => {
                let text = format!("The run was stopped by {by}.");
                log(self.post(run, record.seq, &text, adapter).await);
                Ok(())
            }
            Event::RunCompleted { .. }
            | Event::RunStarted { .. }
            | Event::RunRecovered {}
            | Event::MessageDelta { .. }
            | Event::MessageCompleted { .. }
            | Event::ToolStarted { .. }
            | Event::ToolCompleted { .. }
            | Event::ClarifyAnswered { .. } => Ok(()),
        }
    }
}

/// Whether a chat is shown that the bot is at work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Typing {
    Off,
    On,
}

impl Typing {
    /// Returns when it is to be shown again.
    async fn pause(self) {
        match self {
            Self::On => tokio::time::sleep(TYPING_EVERY).await,
            Self::Off => std::future::pending().await,
        }
    }

    fn after(self, event: &Event, adapter: &dyn Platform) -> Self {
        if !adapter.about().features.contains(&Feature::Typing) {
            return Self::Off;
        }
        if matches!(event, Event::ApprovalRequired(_) | Event::ClarifyRequired { .. }) {
            Self::Off
        } else if matches!(event, Event::ApprovalUpdated { .. }) {
            self
        } else {
            Self::On
        }
    }
}

/// Whether a session is owed more.
enum Owed {
    More,
    Nothing,
}

/// Whether a chat was told something by this event.
const fn matters(event: &Event) -> bool {
    event.is_about_approval() || matches!(event, Event::ClarifyRequired { .. })
}

fn log(posted: Posted) {
    if let Posted::Refused(why) = posted {
        tracing::warn!(%why, "a chat was not told of a run");
    }
}
