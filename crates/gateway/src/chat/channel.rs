//! The approvers' channel: a card that is due is put there, and shows what becomes of its approval
//! until that is over.
//!
//! What the channel is owed stands in the store. The node that keeps the bot's connection sees to it;
//! another one that takes that over goes on from there.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use countersign_domain::approvals::{Approval, Audience, Channel, Occasion, Status};
use countersign_domain::chat::{Address, ChatId, ChatRun, OwedCard, PostedCard};
use countersign_domain::ids::{ApprovalId, SessionId};
use countersign_domain::runs::{Event, Stream};
use countersign_ports::event_bus::Call;
use countersign_ports::platform::{Platform, PlatformError};
use countersign_ports::store::{Change, StoreError, UnitOfWork};
use tokio::task::JoinSet;

use super::desk::held;
use super::listen::account_of;
use super::post::Posted;
use crate::gateway::{Gateway, Settles as _};

/// How long the channel may take at first; deadlines of other approvals wait meanwhile.
const PATIENCE: Duration = Duration::from_secs(10);

/// For how long a card is tried before it is looked whether anybody still has to be asked.
const TRIED_FOR: Duration = Duration::from_mins(1);

/// After a failure of the store, the next attempt.
const PAUSE: Duration = Duration::from_secs(1);

/// The pause between two looks whether a card is there that another writer puts.
const CARD_PAUSE: Duration = Duration::from_millis(20);

/// What is owed is looked at this often even when nobody says that there is more.
const LOOK_AGAIN: Duration = Duration::from_mins(1);

/// Why a card is not in the approvers' channel, in words for people.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotShown {
    /// No bot is attached that could show it.
    #[error("nothing is connected to `{0}`")]
    NoSurface(String),
    /// There is no such chat, or its platform did not take it.
    #[error("{0}")]
    Failed(String),
}

impl Gateway {
    /// Why nobody could be asked in the approvers' channel, as far as that is known now. Nothing if
    /// there is none.
    pub fn channel_problem(&self) -> Option<NotShown> {
        let channel = self.settings.attention.channel.channel.as_ref()?;
        self.channel_place(channel).err()
    }

    /// Keeps what the approvers' channel shows up to date, while its bot is this node's, for as long
    /// as it is polled.
    pub async fn serve_channel(self: &Arc<Self>) {
        let mut keepers: JoinSet<ApprovalId> = JoinSet::new();
        let mut kept: BTreeSet<ApprovalId> = BTreeSet::new();
        let mut accounts = self.membership.accounts();
        loop {
            accounts.mark_unchanged();
            match self.store.chats().owed_cards().await {
                Ok(owed) => {
                    let ours = |owed: &OwedCard| self.kept_adapter(&owed.address).is_some();
                    for owed in owed.into_iter().filter(ours) {
                        if kept.insert(owed.approval_id) {
                            let gateway = self.clone();
                            keepers.spawn(async move { gateway.keep_until_over(owed).await });
                        }
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, "what the approvers' channel is owed could not be read");
                }
            }
            tokio::select! {
                () = self.chats.more_owed_cards.notified() => {}
                changed = accounts.changed() => drop(changed),
                () = tokio::time::sleep(LOOK_AGAIN) => {}
                Some(ended) = keepers.join_next() => if let Ok(approval) = ended {
                    kept.remove(&approval);
                } else {
                    // Which one panicked is not known: all of them begin anew.
                    keepers.abort_all();
                    kept.clear();
                }
            }
        }
    }

    async fn keep_until_over(&self, owed: OwedCard) -> ApprovalId {
        while let Some(adapter) = self.kept_adapter(&owed.address) {
            let account = account_of(adapter.about());
            let ended = tokio::select! {
                biased;
                // Whoever keeps the bot now goes on from what is stored.
                () = self.membership.lost(&account) => break,
                ended = self.keep_owed(&owed, adapter.as_ref()) => ended,
            };
            let Err(error) = ended else { break };
            // Of two writers the slower one reads again.
            if !error.is_conflict() {
                tracing::warn!(%error, "the approvers' channel could not be told of an approval");
            }
            tokio::time::sleep(PAUSE).await;
        }
        owed.approval_id
    }

    async fn keep_owed(&self, owed: &OwedCard, adapter: &dyn Platform) -> Result<(), StoreError> {
        let Some(found) = self.store.approvals().approval(owed.approval_id).await? else {
            return self.owe_no_more(owed).await;
        };
        let run = as_told(owed, found.value.requester.session_id);
        let card = loop {
            if let Some(card) = self.card_in_channel(owed).await? {
                break card;
            }
            if !self.try_to_put(&run, owed.approval_id, adapter).await? {
                return self.owe_no_more(owed).await;
            }
        };
        let mut feed = self.follow(Stream::Run(owed.run_id), card.shows);
        loop {
            let status = self.stored_approval(owed.approval_id).await?.value.status();
            let records = if is_over(status) { feed.ready().await? } else { feed.next().await? };
            if is_over(status) && records.is_empty() {
                return self.owe_no_more(owed).await;
            }
            let about = |event: &Event| concerns(event) == Some(owed.approval_id);
            if let Some(last) = records.iter().rev().find(|record| about(&record.event)) {
                self.renew_cards(owed.approval_id, last.seq, &run, adapter).await?;
            }
        }
    }

    /// Tries to put a card for a while; whether it is still owed.
    async fn try_to_put(
        &self,
        run: &ChatRun,
        approval: ApprovalId,
        adapter: &dyn Platform,
    ) -> Result<bool, StoreError> {
        let seq = self.newest_number(Stream::Run(run.run_id)).await?;
        if self.stored_approval(approval).await?.value.status() != Status::Pending {
            return Ok(false);
        }
        let put = self.place_card((run, seq), approval, adapter);
        match tokio::time::timeout(TRIED_FOR, put).await {
            // It is looked again whether anybody still has to be asked.
            Err(_) => Ok(true),
            Ok(Err(error)) => Err(error),
            Ok(Ok(Posted::Refused(PlatformError::Unavailable(why)))) => {
                Err(StoreError::Unavailable(why))
            }
            Ok(Ok(Posted::Refused(why))) => {
                tracing::warn!(%approval, %why, "the approvers' channel does not take a card");
                Ok(false)
            }
            Ok(Ok(Posted::Taken(_))) => {
                self.until_settled(|| async {
                    let found = self.stored_approval(approval).await?;
                    match occasion(&found.value) {
                        Some(occasion) => self.note_asked(&found, occasion, Ok(())).await,
                        None => Ok(()),
                    }
                })
                .await?;
                Ok(true)
            }
        }
    }

    async fn owe_no_more(&self, owed: &OwedCard) -> Result<(), StoreError> {
        let done = Change::RemoveOwedCard(owed.approval_id);
        self.commit(UnitOfWork::new().and(done)).await.map(drop)
    }

    /// Puts the card of `approval` into `channel`. What comes of it later is owed from then on.
    pub(crate) async fn show_to_approvers(
        &self,
        approval: &Approval,
        channel: &Channel,
    ) -> Result<Result<(), NotShown>, StoreError> {
        let address = match self.look_up(channel).await {
            Ok(address) => address,
            Err(why) => return Ok(Err(why)),
        };
        let owed =
            OwedCard { approval_id: approval.id, run_id: approval.requester.run_id, address };
        // In a conversation the card is there by its own writer.
        let is_there = self.card_in_channel(&owed).await?.is_some();
        let talked = self.is_talked_in(&owed, approval.requester.session_id).await?;
        if !is_there && !talked {
            self.owe_card(&owed).await?;
        }
        let shown = self.is_shown(&owed, talked);
        let why = match tokio::time::timeout(PATIENCE, shown).await {
            Ok(Ok(true)) => return Ok(Ok(())),
            Ok(shown) => {
                shown?;
                format!("`{channel}` does not take it: the log says why")
            }
            Err(_) => format!("`{channel}` did not answer"),
        };
        Ok(Err(NotShown::Failed(why)))
    }

    /// It is tried until it is taken, or nobody has to be asked any more.
    async fn owe_card(&self, owed: &OwedCard) -> Result<(), StoreError> {
        let work = UnitOfWork::new().and(Change::AddOwedCard(Box::new(owed.clone())));
        match self.commit(work).await {
            // It is owed already.
            Err(error) if error.is_conflict() => {}
            done => {
                done?;
            }
        }
        self.chats.more_owed_cards.notify_one();
        if self.kept_adapter(&owed.address).is_none() {
            self.bus.call(Call::Work);
        }
        Ok(())
    }

    /// Waits until the card is there, or is owed no more without that.
    async fn is_shown(&self, owed: &OwedCard, talked: bool) -> Result<bool, StoreError> {
        loop {
            let is_owed = talked || self.store.chats().owed_cards().await?.contains(owed);
            if self.card_in_channel(owed).await?.is_some() {
                return Ok(true);
            }
            if !is_owed {
                return Ok(false);
            }
            tokio::time::sleep(CARD_PAUSE).await;
        }
    }

    /// Whether the conversation of the run goes on in the channel itself: then its writer puts the
    /// card there.
    async fn is_talked_in(&self, owed: &OwedCard, session: SessionId) -> Result<bool, StoreError> {
        let told = self.store.chats().chat_runs(session).await?;
        let here = |run: &ChatRun| run.run_id == owed.run_id && run.address == owed.address;
        Ok(told.iter().any(here))
    }

    /// The card in the channel, once it is there.
    async fn card_in_channel(&self, owed: &OwedCard) -> Result<Option<PostedCard>, StoreError> {
        let cards = self.store.chats().cards_of_run(owed.run_id).await?;
        Ok(cards.into_iter().map(|card| card.value).find(|card| {
            card.approval_id == owed.approval_id
                && card.address == owed.address
                && card.message.is_some()
        }))
    }

    /// Where the channel is; bots may be in chats that they were not in when they were last asked.
    async fn look_up(&self, channel: &Channel) -> Result<Address, NotShown> {
        if let Ok(address) = self.channel_place(channel) {
            return Ok(address);
        }
        for (account, adapter) in self.chats.attached() {
            if adapter.about().platform.as_str() == channel.platform() {
                let learned = self.learn_chats(account, adapter.as_ref());
                drop(tokio::time::timeout(PATIENCE, learned).await);
            }
        }
        self.channel_place(channel)
    }

    /// The chat that is called so, by its id or its name, and a bot that is in it.
    fn channel_place(&self, channel: &Channel) -> Result<Address, NotShown> {
        let mut bots = self.chats.attached();
        bots.retain(|_, adapter| adapter.about().platform.as_str() == channel.platform());
        let Some(first) = bots.values().next() else {
            return Err(NotShown::NoSurface(channel.to_string()));
        };
        let wanted = channel.place();
        let name = wanted.strip_prefix(['#', '@']).unwrap_or(wanted);
        let known = held(&self.chats.known);
        let mut named: Vec<(ChatId, &Arc<dyn Platform>)> = Vec::new();
        for (account, adapter) in &bots {
            for chat in known.get(account).into_iter().flatten() {
                if chat.id.as_str() == wanted {
                    return Ok(at(adapter, chat.id.clone()));
                }
                let is_new = named.iter().all(|(id, _)| *id != chat.id);
                if is_new && chat.name.as_deref() == Some(name) {
                    named.push((chat.id.clone(), adapter));
                }
            }
        }
        match named.as_slice() {
            [(id, adapter)] => Ok(at(adapter, id.clone())),
            [_, _, ..] => Err(NotShown::Failed(format!(
                "more than one chat is called `{name}`; write the id of one: `{}:ID`",
                channel.platform()
            ))),
            [] if bots.keys().all(|account| known.contains_key(account)) => Err(NotShown::Failed(
                format!("no bot of {} is in a chat `{wanted}`", channel.platform()),
            )),
            // Which chats there are is not known: it may be the id of one.
            [] => match wanted.parse() {
                Ok(id) => Ok(at(first, id)),
                Err(error) => Err(NotShown::Failed(format!("`{channel}`: {error}"))),
            },
        }
    }
}

fn at(adapter: &Arc<dyn Platform>, chat: ChatId) -> Address {
    let about = adapter.about();
    let (platform, account) = (about.platform.clone(), about.account.clone());
    Address { platform, account, chat, thread: None }
}

/// The channel as a place that is told of a run.
fn as_told(owed: &OwedCard, session_id: SessionId) -> ChatRun {
    let address = owed.address.clone();
    ChatRun { run_id: owed.run_id, session_id, address, told: 0, answers: None, growing: None }
}

/// Why the channel is asked about `approval`.
fn occasion(approval: &Approval) -> Option<Occasion> {
    approval.audiences.iter().find_map(|audience| match audience {
        Audience::Approvers { occasion, .. } => Some(*occasion),
        Audience::Requester => None,
    })
}

/// Whether nothing more becomes of an approval.
const fn is_over(status: Status) -> bool {
    match status {
        Status::Pending | Status::Approved | Status::Claimed => false,
        Status::Denied
        | Status::Expired
        | Status::Cancelled
        | Status::Executed
        | Status::Indeterminate
        | Status::Lapsed => true,
    }
}

/// The approval of whose card an event changes something. That its channel was asked is not on it.
fn concerns(event: &Event) -> Option<ApprovalId> {
    match event {
        Event::ApprovalRequired(card) => Some(card.approval_id),
        Event::ApprovalUpdated { approval_id, change, .. } => {
            let asked = [Occasion::Opening, Occasion::Escalation].map(Occasion::as_str);
            (!asked.contains(&change.as_str())).then_some(*approval_id)
        }
        Event::ApprovalResolved(notice) => Some(notice.approval_id),
        Event::ApprovalExecuted(notice) => Some(notice.approval_id),
        Event::RunStarted { .. }
        | Event::RunRecovered {}
        | Event::ModelFellBack { .. }
        | Event::MessageDelta { .. }
        | Event::MessageCompleted { .. }
        | Event::ToolStarted { .. }
        | Event::ToolCompleted { .. }
        | Event::ClarifyRequired { .. }
        | Event::ClarifyAnswered { .. }
        | Event::RunCompleted { .. }
        | Event::RunFailed { .. }
        | Event::RunCancelled { .. } => None,
    }
}
