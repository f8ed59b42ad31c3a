//! The connection of one node, and the tasks that live with it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_nats::client::RequestErrorKind;
use async_nats::connection::State;
use async_nats::{Client, Event, Message, Subscriber};
use countersign_ports::event_bus::{BusState, EventBus as _, Heard, Topic};
use futures::{FutureExt as _, StreamExt as _};
use tokio::sync::Notify;

use super::counts::{BusCounts, Counters};
use super::outgoing::Outgoing;
use super::subjects::{Hint, Subjects};
use crate::InProcessBus;

/// How often the connection is looked at even when nothing was heard of it.
const TICK: Duration = Duration::from_secs(1);

/// A topic that others announce without end wakes its followers this often, not more.
const PAUSE: Duration = Duration::from_millis(2);

/// Everybody is told to look at everything this often, not more.
const LONG_PAUSE: Duration = Duration::from_millis(200);

/// What the tasks of one node share.
#[derive(Debug)]
pub(super) struct Wire {
    pub(super) client: Client,
    pub(super) subjects: Subjects,
    /// Everybody on this node.
    pub(super) local: InProcessBus,
    pub(super) outgoing: Outgoing,
    pub(super) counters: Counters,
}

/// What the connection says of itself.
#[derive(Debug, Default)]
pub(super) struct Signs {
    changed: Notify,
    missed: AtomicBool,
    trouble: Mutex<String>,
}

impl Signs {
    /// Takes note of what the client tells.
    pub(super) fn note(&self, event: &Event) {
        match event {
            Event::SlowConsumer(_) => self.missed.store(true, Ordering::Release),
            Event::ServerError(error) => self.note_trouble(error.to_string()),
            Event::ClientError(error) => self.note_trouble(error.to_string()),
            Event::Connected
            | Event::Disconnected
            | Event::LameDuckMode
            | Event::Draining
            | Event::Closed => {}
        }
        self.changed.notify_one();
    }

    /// What went wrong last.
    pub(super) fn trouble(&self) -> String {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn note_trouble(&self, what: String) {
        *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = what;
    }

    /// Something may have been missed.
    fn note_missed(&self) {
        self.missed.store(true, Ordering::Release);
        self.changed.notify_one();
    }
}

impl Wire {
    /// What it has sent, dropped and heard.
    pub(super) fn counts(&self) -> BusCounts {
        BusCounts {
            sent: self.counters.sent.get(),
            dropped: self.counters.dropped.get(),
            heard: self.counters.heard.get(),
            ignored: self.counters.ignored.get(),
            connections: self.connections(),
        }
    }

    /// Puts a hint on its way.
    pub(super) fn send(&self, hint: Hint) {
        if !self.outgoing.put(hint) {
            self.counters.dropped.add();
        }
    }

    /// Hands what waits to the server, for ever.
    pub(super) async fn pump(&self) {
        loop {
            for hint in self.outgoing.take().await {
                let (subject, payload) = self.subjects.message(hint);
                match self.client.publish(subject, payload.into()).await {
                    Ok(()) => self.counters.sent.add(),
                    Err(_) => self.counters.dropped.add(),
                }
            }
        }
    }

    /// Watches over the connection, for ever.
    pub(super) async fn tend(&self, signs: &Signs) {
        let mut known = 0;
        loop {
            let connections = self.connections();
            if connections != known {
                known = connections;
                self.is_back().await;
            } else if !self.is_up() && self.local.set_state(BusState::Lost) {
                tracing::warn!(
                    "the bus is lost; the store is looked at more often until it is back"
                );
                // They wait for announcements that do not come; now they wait for shorter.
                self.local.wake_all();
            } else if signs.missed.swap(false, Ordering::AcqRel) {
                self.has_missed_something();
                tokio::time::sleep(LONG_PAUSE).await;
            }
            drop(tokio::time::timeout(TICK, signs.changed.notified()).await);
        }
    }

    /// Wakes the followers of `topic` when other nodes announce it, for ever.
    pub(super) async fn follow(&self, topic: Topic) {
        let Some(mut announced) = self.subscribed(self.subjects.topic(topic)).await else {
            return;
        };
        // What others announced before the server knew of us was announced to nobody here.
        self.reaches_the_server().await;
        self.local.announce(topic);
        while let Some(message) = announced.next().await {
            let mut counts = self.says_something(&message);
            while let Some(Some(another)) = announced.next().now_or_never() {
                counts |= self.says_something(&another);
            }
            if counts {
                self.local.announce(topic);
                tokio::time::sleep(PAUSE).await;
            }
        }
    }

    /// Subscribes to what is said to all nodes.
    pub(super) async fn listen(&self) -> Option<Subscriber> {
        self.subscribed(self.subjects.calls()).await
    }

    /// Passes on what is said to all nodes, for ever.
    pub(super) async fn pass_on(&self, mut said: Subscriber, signs: &Signs) {
        while let Some(message) = said.next().await {
            match self.subjects.heard(&message.subject, &message.payload) {
                Some(Hint::Call(call)) => self.local.call(call),
                Some(Hint::All) => signs.note_missed(),
                Some(Hint::Topic(_)) | None => {
                    self.counters.ignored.add();
                    continue;
                }
            }
            self.counters.heard.add();
        }
    }

    async fn is_back(&self) {
        // The client has subscribed anew before it sends this, so that from the answer on everything
        // is heard.
        let answers = self.reaches_the_server().await;
        if (answers || self.is_up()) && self.local.set_state(BusState::Connected) {
            tracing::info!("the bus is connected");
        }
        self.has_missed_something();
        // What was on its way when the connection broke has not reached the others.
        self.send(Hint::All);
    }

    fn has_missed_something(&self) {
        self.local.let_hear(Heard::Missed);
        self.local.wake_all();
    }

    async fn subscribed(&self, subject: String) -> Option<Subscriber> {
        match self.client.subscribe(subject).await {
            Ok(subscriber) => Some(subscriber),
            Err(error) => {
                tracing::error!(%error, "nothing is heard of what other nodes announce");
                None
            }
        }
    }

    /// Returns when the server has done all that it was asked before; `false` if it took too long.
    async fn reaches_the_server(&self) -> bool {
        // Nobody is there, which the server says at once.
        let asked = self.client.request(self.subjects.nobody(), Vec::new().into()).await;
        asked.map_or_else(|error| error.kind() == RequestErrorKind::NoResponders, |_| true)
    }

    fn says_something(&self, message: &Message) -> bool {
        let is_ours = message.payload.is_empty();
        let counter = if is_ours { &self.counters.heard } else { &self.counters.ignored };
        counter.add();
        is_ours
    }

    fn connections(&self) -> u64 {
        self.client.statistics().connects.load(Ordering::Relaxed)
    }

    fn is_up(&self) -> bool {
        self.client.connection_state() == State::Connected
    }
}
