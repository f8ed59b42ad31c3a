//! Showing an answer while it grows: one message, changed at a bounded rate.
//!
//! Nothing depends on it. What is shown of an unfinished answer gives way to everything else that the
//! bot says and is not repeated when it fails; the whole text comes in the end, into the same message
//! or, where that cannot be changed, into a new one.

use std::sync::Arc;
use std::time::Duration;

use countersign_command_risk::render::label;
use countersign_domain::chat::{ChatRun, MessageId};
use countersign_domain::display::inert;
use countersign_domain::ids;
use countersign_domain::runs::Event;
use countersign_ports::platform::{Feature, Platform, PlatformError, Stage, TextEdit, TextPost};
use countersign_ports::store::{Change, StoreError, UnitOfWork};
use tokio::task::{JoinError, JoinSet};
use tokio::time::Instant;

use super::post::{Lane, Posted, words_or_none};
use super::reply::pieces;
use super::speaker::surface;
use crate::gateway::Gateway;

/// So often the whole text of a message is tried that is not the last one.
const CLOSED: u32 = 3;

/// The pause before it is tried again.
const PAUSE: Duration = Duration::from_secs(1);

/// After so many failures in a row the rest comes when it is whole.
const FAILURES: u32 = 3;

/// What is shown of the message that the model is writing.
pub(super) struct Growing {
    /// How often it may be changed; `None`: it comes when it is whole.
    every: Option<Duration>,
    /// Whose text this is: that of an attempt that never completes is void.
    attempt: Option<ids::MessageId>,
    text: String,
    /// How much of it is shown, in bytes.
    shown: usize,
    /// The message that shows it, once there is one.
    message: Option<MessageId>,
    /// The id under which that message was sent, if it was.
    sent_as: Option<String>,
    /// When it is to be shown next.
    due: Option<Instant>,
    failures: u32,
    /// What is on its way: one thing at most.
    work: JoinSet<Result<Option<MessageId>, PlatformError>>,
    /// Messages before this one that are being made whole.
    closing: JoinSet<()>,
}

/// What is to be done about it.
pub(super) enum Growth {
    /// It is time to show it.
    Due,
    /// What was on its way has ended.
    Ended(Result<Result<Option<MessageId>, PlatformError>, JoinError>),
}

impl Growing {
    /// What a writer that begins with `run` shows of it.
    pub(super) fn of(run: &ChatRun, adapter: &dyn Platform, every: Option<Duration>) -> Self {
        let can = adapter.about().features.contains(&Feature::Edits);
        Self {
            every: every.filter(|_| can),
            attempt: None,
            text: String::new(),
            shown: 0,
            message: run.growing.clone(),
            sent_as: None,
            due: None,
            failures: 0,
            work: JoinSet::new(),
            closing: JoinSet::new(),
        }
    }

    /// What is to be done next. Safe to cancel.
    pub(super) async fn next(&mut self) -> Growth {
        if self.work.is_empty() {
            match self.due {
                Some(due) => tokio::time::sleep_until(due).await,
                None => std::future::pending().await,
            }
            return Growth::Due;
        }
        match self.work.join_next().await {
            Some(ended) => Growth::Ended(ended),
            None => std::future::pending().await,
        }
    }

    /// The model has written more.
    fn add(&mut self, attempt: ids::MessageId, delta: &str) {
        if self.attempt != Some(attempt) {
            self.attempt = Some(attempt);
            self.text.clear();
            self.shown = 0;
        }
        self.text.push_str(delta);
        self.plan();
    }

    /// It is shown again when it is time, if there is more to show.
    fn plan(&mut self) {
        if let (Some(every), None, true) =
            (self.every, self.due, self.work.is_empty() && self.text.len() > self.shown)
        {
            self.due = Some(Instant::now() + every);
        }
    }

    fn is_shown(&self) -> bool {
        self.message.is_some() || self.sent_as.is_some()
    }

    /// The next message begins.
    fn begin_anew(&mut self) {
        self.attempt = None;
        self.text.clear();
        (self.shown, self.due, self.failures) = (0, None, 0);
        (self.message, self.sent_as) = (None, None);
    }

    fn note(&mut self, ended: Result<Result<Option<MessageId>, PlatformError>, JoinError>) {
        match ended {
            Ok(Ok(message)) => {
                self.failures = 0;
                self.message = message.or(self.message.take());
            }
            // It is shown when the pause is over.
            Ok(Err(PlatformError::SlowDown(_))) => self.shown = 0,
            Ok(Err(error)) => {
                tracing::debug!(%error, "a growing answer could not be shown");
                self.shown = 0;
                self.failures += 1;
            }
            Err(error) => {
                tracing::warn!(%error, "a growing answer could not be shown");
                self.failures += 1;
            }
        }
        if self.failures >= FAILURES {
            self.every = None;
        }
    }
}

impl Gateway {
    /// Heeds what the model writes and does: it is shown later, or the message is whole.
    pub(super) async fn heed(
        self: &Arc<Self>,
        (run, seq): (&mut ChatRun, u64),
        event: &Event,
        growing: &mut Growing,
        adapter: &Arc<dyn Platform>,
    ) -> Result<(), StoreError> {
        match event {
            Event::MessageDelta { message_id, delta } => growing.add(*message_id, delta),
            Event::MessageCompleted { message_id, text, usage: _ }
                if growing.attempt == Some(*message_id) =>
            {
                growing.text.clone_from(text);
                growing.plan();
            }
            // What comes now stands below: the next words get a message of their own.
            Event::ToolStarted { .. } | Event::ClarifyRequired { .. } => {
                if !growing.is_shown() {
                    growing.begin_anew();
                    return Ok(());
                }
                self.close(run, growing, adapter);
                run.growing = None;
                run.told = seq.saturating_sub(1).max(run.told);
                self.note_told(run).await?;
            }
            Event::MessageCompleted { .. }
            | Event::ToolCompleted { .. }
            | Event::ClarifyAnswered { .. }
            | Event::ApprovalRequired(_)
            | Event::ApprovalUpdated { .. }
            | Event::ApprovalResolved(_)
            | Event::ApprovalExecuted(_)
            | Event::RunStarted { .. }
            | Event::RunRecovered {}
            | Event::ModelFellBack { .. }
            | Event::RunCompleted { .. }
            | Event::RunFailed { .. }
            | Event::RunCancelled { .. } => {}
        }
        Ok(())
    }

    /// Shows what has grown, or notes what came of that.
    pub(super) async fn grow(
        self: &Arc<Self>,
        run: &mut ChatRun,
        growth: Growth,
        growing: &mut Growing,
        adapter: &Arc<dyn Platform>,
    ) -> Result<(), StoreError> {
        let about = adapter.about();
        match growth {
            Growth::Due => {
                growing.due = None;
                // Whatever else waits for the platform goes first.
                if self.chats.paused(about).is_some() {
                    growing.plan();
                } else {
                    self.show(run, growing, adapter);
                }
            }
            Growth::Ended(ended) => {
                growing.note(ended);
                growing.plan();
                if growing.message.is_some() && run.growing != growing.message {
                    run.growing.clone_from(&growing.message);
                    self.note_told(run).await?;
                }
            }
        }
        Ok(())
    }

    /// The run has ended with these words. They go into the message that shows their beginning;
    /// where there is none, or it cannot be changed, all of them are said anew.
    pub(super) async fn say_whole(
        &self,
        (run, seq): (&ChatRun, u64),
        text: &str,
        growing: &mut Growing,
        adapter: &Arc<dyn Platform>,
    ) -> Posted {
        let about = adapter.about();
        while let Some(ended) = growing.work.join_next().await {
            growing.note(ended);
        }
        while growing.closing.join_next().await.is_some() {}
        let rendered = words_or_none(label(&inert(text), surface(about.markup)));
        let mut texts = pieces(&rendered, about.longest_text).into_iter();
        let Some(first) = texts.next().filter(|_| growing.is_shown()) else {
            return self.post(run, seq, text, adapter.as_ref()).await;
        };
        self.note_spoken(&run.address).await;
        let message = match growing.message.take() {
            Some(message) => message,
            // It was sent, and is there or not: under its id it is there once.
            None => match self.post_growing(run, &first, growing, adapter.as_ref()).await {
                Posted::Taken(message) => message,
                refused @ Posted::Refused(_) => return refused,
            },
        };
        let edit = TextEdit {
            message: message.clone(),
            address: run.address.clone(),
            text: first,
            stage: Stage::Whole,
        };
        let edited = self.until_taken(about, Lane::Texts, || async {
            adapter.edit_text(&edit).await.map(|()| message.clone())
        });
        if let Posted::Refused(why) = edited.await {
            tracing::info!(%why, "an answer could not be put where it grew, and is said anew");
            return self.post(run, seq, text, adapter.as_ref()).await;
        }
        let mut last = Posted::Taken(message);
        for (number, text) in (1..).zip(texts) {
            let id = format!("{}:{seq}:{number}", run.run_id);
            let address = run.address.clone();
            let post = TextPost { id, address, reply_to: None, only_for: None, text };
            last = self.until_taken(about, Lane::Texts, || adapter.post_text(&post)).await;
            if matches!(last, Posted::Refused(_)) {
                return last;
            }
        }
        last
    }

    async fn post_growing(
        &self,
        run: &ChatRun,
        text: &str,
        growing: &mut Growing,
        adapter: &dyn Platform,
    ) -> Posted {
        let post = first_post(run, growing, text.to_owned());
        self.until_taken(adapter.about(), Lane::Texts, || adapter.post_text(&post)).await
    }

    /// Makes the message whole that is shown, beside everything else.
    fn close(self: &Arc<Self>, run: &ChatRun, growing: &mut Growing, adapter: &Arc<dyn Platform>) {
        let rendered = label(&inert(&growing.text), surface(adapter.about().markup));
        let text = pieces(&rendered, adapter.about().longest_text).into_iter().next();
        let mut work = std::mem::take(&mut growing.work);
        let (known, address) = (growing.message.clone(), run.address.clone());
        let (gateway, adapter) = (self.clone(), adapter.clone());
        growing.closing.spawn(async move {
            let mut message = known;
            while let Some(ended) = work.join_next().await {
                message = ended.ok().and_then(Result::ok).flatten().or(message);
            }
            let (Some(message), Some(text)) = (message, text) else { return };
            let edit = TextEdit { message, address, text, stage: Stage::Whole };
            for _ in 0..CLOSED {
                gateway.wait_for_turn(adapter.about(), Lane::Texts).await;
                match adapter.edit_text(&edit).await {
                    Ok(()) | Err(PlatformError::Refused(_)) => return,
                    Err(PlatformError::SlowDown(wanted)) => {
                        gateway.hold_back(adapter.about(), wanted);
                    }
                    Err(PlatformError::Unavailable(_)) => tokio::time::sleep(PAUSE).await,
                }
            }
        });
        growing.begin_anew();
    }

    /// Sends what there is of the text; what comes of it is seen later.
    fn show(self: &Arc<Self>, run: &ChatRun, growing: &mut Growing, adapter: &Arc<dyn Platform>) {
        if growing.text.len() <= growing.shown || growing.text.trim().is_empty() {
            return;
        }
        let about = adapter.about();
        let rendered = label(&inert(&growing.text), surface(about.markup));
        let mut texts = pieces(&rendered, about.longest_text).into_iter();
        let Some(text) = texts.next() else { return };
        growing.shown = growing.text.len();
        if texts.next().is_some() {
            // No more of it fits: the rest comes when it is whole.
            growing.every = None;
        }
        let sent = match growing.message.clone() {
            Some(message) => {
                let address = run.address.clone();
                Sent::Change(TextEdit { message, address, text, stage: Stage::Growing })
            }
            None => Sent::Post(first_post(run, growing, text)),
        };
        let (gateway, adapter) = (self.clone(), adapter.clone());
        growing.work.spawn(async move { gateway.send_growing(&sent, adapter.as_ref()).await });
    }

    async fn send_growing(
        &self,
        sent: &Sent,
        adapter: &dyn Platform,
    ) -> Result<Option<MessageId>, PlatformError> {
        let about = adapter.about();
        if self.chats.paused(about).is_some() || !self.may_write(about).await {
            return Err(PlatformError::SlowDown(Duration::ZERO));
        }
        let done = match sent {
            Sent::Change(edit) => adapter.edit_text(edit).await.map(|()| None),
            Sent::Post(post) => {
                self.note_spoken(&post.address).await;
                adapter.post_text(post).await.map(Some)
            }
        };
        if let Err(PlatformError::SlowDown(wanted)) = &done {
            self.hold_back(about, *wanted);
        }
        done
    }

    /// What a chat was told so far is noted.
    pub(super) async fn note_told(&self, run: &ChatRun) -> Result<(), StoreError> {
        let work = UnitOfWork::new()
            .and(Change::RemoveChatRun(run.run_id))
            .and(Change::AddChatRun(Box::new(run.clone())));
        self.commit(work).await.map(drop)
    }
}

/// What is on its way.
enum Sent {
    Post(TextPost),
    Change(TextEdit),
}

fn first_post(run: &ChatRun, growing: &mut Growing, text: String) -> TextPost {
    let attempt = growing.attempt.map(|attempt| attempt.to_string()).unwrap_or_default();
    let id = growing.sent_as.get_or_insert_with(|| format!("{}:{attempt}", run.run_id)).clone();
    let (address, reply_to) = (run.address.clone(), run.answers.clone());
    TextPost { id, address, reply_to, only_for: None, text }
}
