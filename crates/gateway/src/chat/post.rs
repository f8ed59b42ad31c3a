//! Putting texts and cards into chats: repeated until the platform takes or refuses them.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use countersign_command_risk::render::label;
use countersign_domain::approvals::{Approval, Status};
use countersign_domain::chat::{ChatRun, MessageId, PostedCard};
use countersign_domain::digest::Digest;
use countersign_domain::display::inert;
use countersign_domain::ids::ApprovalId;
use countersign_ports::platform::{
    About, Attempt, CardPost, Feature, Platform, PlatformError, TextPost,
};
use countersign_ports::store::{StoreError, Versioned};

use super::listen::account_of;
use super::reply::{Reply, pieces};
use super::speaker::surface;
use tokio::time::Instant;

use crate::gateway::Gateway;

/// For so long something is tried: whoever is owed it gets it when the platform is back.
const PATIENCE: Duration = Duration::from_hours(24);

/// The first pause between attempts; it doubles.
const FIRST_PAUSE: Duration = Duration::from_millis(100);

/// The longest pause between attempts.
const LAST_PAUSE: Duration = Duration::from_secs(10);

/// No platform is waited for longer at once.
const LONGEST_PAUSE: Duration = Duration::from_mins(5);

/// After a pause, cards have so much of a start.
const TEXTS_AFTER: Duration = Duration::from_millis(50);

/// What a platform did with something.
pub(super) enum Posted {
    Taken(MessageId),
    Refused(PlatformError),
}

impl Gateway {
    /// Puts `text`, which an agent wrote, into the chat of a run.
    pub(super) async fn post(
        &self,
        run: &ChatRun,
        seq: u64,
        text: &str,
        adapter: &dyn Platform,
    ) -> Posted {
        let about = adapter.about();
        let text = label(&inert(text), surface(about.markup));
        let text = words_or_none(text);
        self.note_spoken(&run.address).await;
        let mut last = Posted::Refused(PlatformError::Refused("nothing to say".to_owned()));
        for (number, piece) in pieces(&text, about.longest_text).into_iter().enumerate() {
            let id = format!("{}:{seq}:{number}", run.run_id);
            let address = run.address.clone();
            let reply_to = run.answers.clone().filter(|_| number == 0);
            let post = TextPost { id, address, reply_to, only_for: None, text: piece };
            last = self.until_taken(about, Lane::Texts, || adapter.post_text(&post)).await;
            if matches!(last, Posted::Refused(_)) {
                return last;
            }
        }
        last
    }

    /// Puts what somebody outside wrote into the chat of a run, under `says`: every piece of it
    /// quoted by itself, so that none of it reads as the bot's own words.
    pub(super) async fn post_quoted(
        &self,
        run: &ChatRun,
        says: &str,
        text: &str,
        adapter: &dyn Platform,
    ) -> Posted {
        let about = adapter.about();
        let surface = surface(about.markup);
        self.note_spoken(&run.address).await;
        let mut last = Posted::Refused(PlatformError::Refused("nothing to say".to_owned()));
        // Quoting makes a text longer; a quarter leaves it room.
        let longest = (about.longest_text / 4).max(1);
        for (number, piece) in pieces(text, longest).into_iter().enumerate() {
            let quoted = Reply::own(says).quoting(piece).render(surface);
            for (part, text) in pieces(&quoted, about.longest_text).into_iter().enumerate() {
                let id = format!("{}:0:{number}:{part}", run.run_id);
                let address = run.address.clone();
                let post = TextPost { id, address, reply_to: None, only_for: None, text };
                last = self.until_taken(about, Lane::Texts, || adapter.post_text(&post)).await;
                if matches!(last, Posted::Refused(_)) {
                    return last;
                }
            }
        }
        last
    }

    /// Puts the card of an approval into the chat of its run, unless it is there.
    pub(super) async fn put_card(
        &self,
        run: &ChatRun,
        approval: ApprovalId,
        seq: u64,
        adapter: &dyn Platform,
    ) -> Result<(), StoreError> {
        let put = self.place_card((run, seq), approval, adapter).await?;
        if let Posted::Refused(why) = put {
            tracing::warn!(%approval, %why, "a card could not be put into its chat");
            let text = format!(
                "An approval waits whose card could not be shown here. /approvals {approval} \
                 shows it; it is also open in the web page."
            );
            warn_refused(self.post(run, seq, &text, adapter).await);
        }
        Ok(())
    }

    /// Puts the card of an approval where `run` is told of, unless it is there.
    pub(super) async fn place_card(
        &self,
        (run, seq): (&ChatRun, u64),
        approval: ApprovalId,
        adapter: &dyn Platform,
    ) -> Result<Posted, StoreError> {
        let cards = self.store.chats().cards_of_run(run.run_id).await?;
        let found = self.stored_approval(approval).await?.value;
        let is_it = |card: &PostedCard| card.approval_id == approval && card.address == run.address;
        let (card, attempt) = match cards.into_iter().find(|card| is_it(&card.value)) {
            // Another process, or this one, may have put it there and not heard of it.
            Some(card) => (card.value, Attempt::Again),
            None => (self.new_card(run, &found, seq, adapter.about()).await?, Attempt::First),
        };
        if let Some(message) = &card.message {
            return Ok(Posted::Taken(message.clone()));
        }
        let mut post = self.card_post(&found, (&card, run), seq, adapter.about());
        post.card.attempt = attempt;
        let put = self.until_card_taken(&post.card, adapter).await;
        if let Posted::Taken(message) = &put {
            let taken =
                |card| PostedCard { message: Some(message.clone()), ..showing(card, &post) };
            self.change_card(card.id, taken).await?;
        }
        Ok(put)
    }

    /// Makes the cards of an approval where `run` is told of show what the store says.
    pub(super) async fn renew_cards(
        &self,
        approval: ApprovalId,
        seq: u64,
        run: &ChatRun,
        adapter: &dyn Platform,
    ) -> Result<(), StoreError> {
        let cards = self.store.chats().cards_of_run(run.run_id).await?;
        let newer = |card: &Versioned<PostedCard>| {
            let card = &card.value;
            card.approval_id == approval && card.address == run.address && card.shows < seq
        };
        for card in cards.into_iter().filter(newer) {
            let Some(message) = card.value.message.clone() else { continue };
            let found = self.stored_approval(approval).await?.value;
            let post = self.card_post(&found, (&card.value, run), seq, adapter.about());
            // What people see is what the card is said to show: an answer to it is about nothing
            // else, also where the platform would not change it.
            let shown = self.show_again(&message, &post, adapter).await;
            let changed = |card: PostedCard| match &shown {
                Some(now) => PostedCard {
                    message: Some(now.clone()),
                    // In a new message it is the last that was said.
                    spoken_after: card.spoken_after && *now == message,
                    ..showing(card, &post)
                },
                None => PostedCard { shows: seq, ..card },
            };
            self.change_card(card.value.id, changed).await?;
        }
        Ok(())
    }

    /// Has people see what `post` shows, and says which message shows it; `None` if none does.
    async fn show_again(
        &self,
        message: &MessageId,
        post: &Drawn,
        adapter: &dyn Platform,
    ) -> Option<MessageId> {
        let about = adapter.about();
        let shown = if about.features.contains(&Feature::Edits) {
            let edited = self.until_taken(about, Lane::Cards, || async {
                adapter.edit_card(message, &post.card).await.map(|()| message.clone())
            });
            edited.await
        } else if post.is_pending {
            self.until_card_taken(&post.card, adapter).await
        } else {
            let headline = post.card.text.lines().next().unwrap_or_default();
            let id = format!("{}:{}", post.card.id, post.card.version);
            let text = format!("{headline}\n{}", post.card.approval);
            let (address, reply_to) = (post.card.address.clone(), post.card.reply_to.clone());
            let told = TextPost { id, address, reply_to, only_for: None, text };
            let told = self.until_taken(about, Lane::Cards, || adapter.post_text(&told)).await;
            warn_refused(told);
            return None;
        };
        match shown {
            Posted::Taken(message) => Some(message),
            Posted::Refused(why) => {
                tracing::warn!(%why, "a chat was not told what became of an approval");
                None
            }
        }
    }

    /// After an answer that was lost, the card may be there.
    async fn until_card_taken(&self, card: &CardPost, adapter: &dyn Platform) -> Posted {
        let in_doubt = &AtomicBool::new(card.attempt == Attempt::Again);
        self.until_taken(adapter.about(), Lane::Cards, || async move {
            let again = in_doubt.load(Ordering::Relaxed);
            let attempt = if again { Attempt::Again } else { Attempt::First };
            let posted = adapter.post_card(&CardPost { attempt, ..card.clone() }).await;
            if matches!(posted, Err(PlatformError::Unavailable(_))) {
                in_doubt.store(true, Ordering::Relaxed);
            }
            posted
        })
        .await
    }

    fn card_post(
        &self,
        approval: &Approval,
        (card, run): (&PostedCard, &ChatRun),
        version: u64,
        about: &About,
    ) -> Drawn {
        let shown = self.chat_card(approval, about);
        let post = CardPost {
            id: card.id,
            approval: approval.id,
            address: card.address.clone(),
            reply_to: run.answers.clone(),
            nonce: card.nonce.showing(approval.digest, approval.count()),
            text: shown.text,
            buttons: shown.buttons,
            version,
            attempt: Attempt::First,
        };
        Drawn {
            card: post,
            digest: approval.digest,
            count: approval.count(),
            whole: shown.whole,
            is_pending: approval.status() == Status::Pending,
        }
    }
}

/// A card as it is to be seen, and what is seen on it.
struct Drawn {
    card: CardPost,
    digest: Digest,
    count: u32,
    whole: bool,
    is_pending: bool,
}

/// `card` once `drawn` is seen.
fn showing(card: PostedCard, drawn: &Drawn) -> PostedCard {
    let Drawn { digest, count, whole, .. } = *drawn;
    PostedCard { shows: drawn.card.version, digest, count, whole, ..card }
}

fn warn_refused(posted: Posted) {
    if let Posted::Refused(why) = posted {
        tracing::warn!(%why, "a chat was not told what became of an approval");
    }
}

/// A message says something, even where nothing was said.
pub(super) fn words_or_none(text: String) -> String {
    if text.trim().is_empty() { "(no words)".to_owned() } else { text }
}

/// What goes first when a platform has wanted a pause: what people decide by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lane {
    Cards,
    Texts,
    /// Texts that no other process knows of: they go whoever keeps the connection.
    Answers,
}

impl Gateway {
    /// Tries again while the platform may take it later. A pause that it has wanted holds for
    /// everything that this bot says.
    pub(super) async fn until_taken<F>(
        &self,
        about: &About,
        lane: Lane,
        attempt: impl Fn() -> F,
    ) -> Posted
    where
        F: Future<Output = Result<MessageId, PlatformError>>,
    {
        let mut pause = FIRST_PAUSE;
        let since = Instant::now();
        let taken_over = || {
            let why = "the bot's connection is another node's".to_owned();
            Posted::Refused(PlatformError::Unavailable(why))
        };
        loop {
            tokio::select! {
                () = self.wait_for_turn(about, lane) => {}
                () = self.taken_over(about, lane) => return taken_over(),
            }
            if lane != Lane::Answers && !self.may_write(about).await {
                return taken_over();
            }
            let error = match attempt().await {
                Ok(message) => return Posted::Taken(message),
                Err(error) => error,
            };
            match &error {
                // A pause is no failure: however many there are, it is said in the end.
                PlatformError::SlowDown(wanted) => {
                    self.hold_back(about, *wanted);
                    continue;
                }
                PlatformError::Unavailable(_) if since.elapsed() < PATIENCE => {}
                PlatformError::Unavailable(_) | PlatformError::Refused(_) => {
                    return Posted::Refused(error);
                }
            }
            if pause == FIRST_PAUSE {
                tracing::warn!(%error, platform = %about.platform, "it is tried until it is taken");
            }
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = self.taken_over(about, lane) => return taken_over(),
            }
            pause = (pause * 2).min(LAST_PAUSE);
        }
    }

    /// Returns when another node is to say what this one was about to.
    async fn taken_over(&self, about: &About, lane: Lane) {
        match lane {
            Lane::Cards | Lane::Texts => self.membership.lost(&account_of(about)).await,
            Lane::Answers => std::future::pending().await,
        }
    }

    /// Whether the platform takes something in the end.
    pub(super) async fn is_taken<F>(
        &self,
        about: &About,
        lane: Lane,
        attempt: impl Fn() -> F,
    ) -> bool
    where
        F: Future<Output = Result<MessageId, PlatformError>>,
    {
        match self.until_taken(about, lane, attempt).await {
            Posted::Taken(_) => true,
            Posted::Refused(why) => {
                tracing::warn!(%why, "a chat was not told something");
                false
            }
        }
    }

    /// A pause that a platform wants holds for everything that this bot says.
    pub(super) fn hold_back(&self, about: &About, wanted: Duration) {
        self.chats.pause(about, wanted.min(LONGEST_PAUSE));
    }

    pub(super) async fn wait_for_turn(&self, about: &About, lane: Lane) {
        while let Some(until) = self.chats.paused(about) {
            let after = match lane {
                Lane::Cards => Duration::ZERO,
                Lane::Texts | Lane::Answers => TEXTS_AFTER,
            };
            tokio::time::sleep_until(until + after).await;
        }
    }
}
