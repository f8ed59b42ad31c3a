//! What the fake keeps.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use serde_json::Value;
use tokio::sync::watch;

use super::content::Content;
use super::settings::Settings;

/// A message that the number has sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SentMessage {
    /// Its id.
    pub id: String,
    /// To whom: a number in digits, or the id of somebody who hides it.
    pub to: String,
    /// The message that it quotes.
    pub reply_to: Option<String>,
    /// What its statuses bring back.
    pub callback_data: Option<String>,
    /// What it says.
    pub content: Content,
    /// Whether it has come to the person. What came too late, or to nobody, has not.
    pub arrived: bool,
}

/// Somebody on the platform.
#[derive(Debug, Clone)]
pub(super) struct Account {
    pub(super) number: String,
    pub(super) name: String,
    /// The id that stands for the number.
    pub(super) user_id: String,
    pub(super) hides_number: bool,
}

/// A file that was uploaded, by the business or by somebody.
#[derive(Debug, Clone)]
pub(super) struct Media {
    pub(super) mime: String,
    pub(super) content: Bytes,
}

/// An address at which a file can be fetched for a while.
#[derive(Debug, Clone)]
pub(super) struct Address {
    pub(super) media: String,
    pub(super) until: i64,
}

/// A webhook that is to be brought.
#[derive(Debug, Clone)]
pub(super) struct Webhook {
    pub(super) body: Bytes,
    pub(super) signature: String,
}

/// What happens to the next messages that are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// They are refused with this code.
    Refuse(u32),
    /// They are taken, and the answer does not say so.
    TakeSilently,
}

#[derive(Debug, Default)]
pub(super) struct World {
    pub(super) token: String,
    pub(super) accounts: BTreeMap<String, Account>,
    /// When each person last wrote, in milliseconds.
    pub(super) wrote_at: BTreeMap<String, i64>,
    pub(super) sent: Vec<SentMessage>,
    /// The ids of what came in.
    pub(super) brought: BTreeSet<String>,
    /// The messages that were marked as read.
    pub(super) read: Vec<String>,
    /// And those for whose senders it was shown that somebody writes.
    pub(super) typing: Vec<String>,
    pub(super) media: BTreeMap<String, Media>,
    pub(super) addresses: BTreeMap<String, Address>,
    pub(super) templates: BTreeSet<String>,
    /// The `/` menu.
    pub(super) commands: Vec<(String, String)>,
    pub(super) faults: VecDeque<Fault>,
    /// So many lists more are not taken.
    pub(super) no_lists: u32,
    pub(super) callback: Option<String>,
    /// What was not answered with 200.
    pub(super) owed: VecDeque<Webhook>,
    pub(super) last: u64,
    /// The second, and how many messages were sent in it.
    pub(super) second: (i64, u32),
    /// The time of each person's last message, and how many are left of the burst.
    pub(super) bursts: BTreeMap<String, (i64, u32)>,
}

pub(super) struct Shared {
    pub(super) settings: Settings,
    /// Where it listens: `http://…`.
    pub(super) url: String,
    pub(super) client: reqwest::Client,
    world: Mutex<World>,
    pub(super) changed: watch::Sender<()>,
}

impl Shared {
    pub(super) fn new(settings: Settings, url: String, client: reqwest::Client) -> Self {
        let world = World { token: settings.access_token.clone(), ..World::default() };
        Self { settings, url, client, world: Mutex::new(world), changed: watch::Sender::new(()) }
    }

    pub(super) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes what is kept, and wakes whoever waits for that.
    pub(super) fn change<T>(&self, work: impl FnOnce(&mut World) -> T) -> T {
        let done = work(&mut self.world());
        self.changed.send_replace(());
        done
    }

    pub(super) fn now(&self) -> i64 {
        self.settings.clock.now()
    }
}

impl World {
    /// A new id of a message.
    pub(super) fn new_message_id(&mut self, number: &str) -> String {
        use base64::Engine as _;
        self.last += 1;
        let inner = format!("{number}/{:012}", self.last);
        format!("wamid.{}", base64::engine::general_purpose::STANDARD.encode(inner))
    }

    /// A new number, as ids of files have.
    pub(super) fn new_number(&mut self) -> u64 {
        self.last += 1;
        self.last
    }

    /// Who is meant by a number, or by the id that stands for one.
    pub(super) fn account(&self, to: &str) -> Option<&Account> {
        let by_id = || self.accounts.values().find(|account| account.user_id == to);
        self.accounts.get(to).or_else(by_id)
    }
}

/// What every answer about a message says.
pub(super) fn answer(to: &str, wa_id: &str, id: &str) -> Value {
    serde_json::json!({
        "messaging_product": "whatsapp",
        "contacts": [{"input": to, "wa_id": wa_id}],
        "messages": [{"id": id}],
    })
}
