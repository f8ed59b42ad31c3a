//! The linked device, as the bridge sees it.

use std::io::{self, Cursor, Seek, SeekFrom, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use countersign_whatsapp_bridge::{
    Account, FetchError, NotSent, Outgoing, Owner, Person, Standing,
};
use tokio::sync::watch;
use whatsapp_rust::wacore::download::DownloadWriter;
use whatsapp_rust::{Client, Jid};

use crate::keys::Keys;
use crate::outbound;

/// The device; there is one.
pub(crate) struct Device {
    state: Mutex<State>,
    /// Somebody wants to pair. Whoever subscribes hears of those alone who want it from then on.
    pub(crate) wanted: watch::Sender<()>,
    /// The session is over: unlinked, or nobody has scanned its codes.
    pub(crate) over: watch::Sender<()>,
}

#[derive(Default)]
struct State {
    client: Option<Arc<Client>>,
    code: Option<(String, i64)>,
    why: Option<String>,
    leaving: bool,
}

impl Device {
    pub(crate) fn new() -> Arc<Self> {
        let (wanted, over) = (watch::Sender::new(()), watch::Sender::new(()));
        Arc::new(Self { state: Mutex::default(), wanted, over })
    }

    /// There is a session with this client, or none.
    pub(crate) fn has(&self, client: Option<Arc<Client>>) {
        let mut state = self.state();
        state.client = client;
        state.code = None;
    }

    /// There is a code to scan.
    pub(crate) fn shows(&self, code: &str, time: Duration) {
        let until = SystemTime::now() + time;
        let until = until.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        let mut state = self.state();
        state.code = Some((code.to_owned(), i64::try_from(until).unwrap_or(i64::MAX)));
        state.why = None;
    }

    /// The code is used, and there is nothing to say.
    pub(crate) fn is_well(&self) {
        let mut state = self.state();
        state.code = None;
        state.why = None;
    }

    /// There is no code any more, and this is to be said.
    pub(crate) fn says(&self, why: impl Into<String>) {
        let mut state = self.state();
        state.code = None;
        state.why = Some(why.into());
    }

    /// Ends the connection, with everything kept.
    pub(crate) async fn leave(&self) {
        let client = {
            let mut state = self.state();
            state.leaving = true;
            state.client.take()
        };
        if let Some(client) = client {
            client.disconnect().await;
        }
    }

    /// Whether nothing is to begin any more.
    pub(crate) fn is_leaving(&self) -> bool {
        self.state().leaving
    }

    /// The client, while it is connected.
    fn connected(&self) -> Result<Arc<Client>, NotSent> {
        let client = self.state().client.clone();
        let client = client.filter(|client| client.pn().is_some());
        let client = client.ok_or_else(|| NotSent::Not("the account is not linked".to_owned()))?;
        if client.is_logged_in() {
            return Ok(client);
        }
        Err(NotSent::Not("there is no connection to WhatsApp".to_owned()))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Account for Device {
    fn standing(&self) -> Standing {
        let state = self.state();
        let linked = state.client.as_ref().filter(|client| client.pn().is_some());
        if let Some(client) = linked {
            let bare = |jid: Option<Jid>| jid.map(|jid| jid.to_non_ad_string());
            let owner = Owner {
                number: bare(client.pn()),
                lid: bare(client.lid()),
                push_name: Some(client.push_name()).filter(|name| !name.is_empty()),
            };
            let offline = (!client.is_logged_in()).then(|| {
                state.why.clone().unwrap_or_else(|| "WhatsApp is not connected".to_owned())
            });
            return Standing::Linked { owner, offline };
        }
        match &state.code {
            Some((code, until)) => Standing::Code { code: code.clone(), until: *until },
            None => Standing::Unlinked { why: state.why.clone() },
        }
    }

    async fn pair(&self) {
        self.wanted.send_replace(());
    }

    async fn send(&self, message: Outgoing) -> Result<(), NotSent> {
        let client = self.connected()?;
        outbound::send(&client, message).await
    }

    async fn typing(&self, chat: &Person) -> Result<(), NotSent> {
        let client = self.connected()?;
        let jid: Jid = outbound::jid(chat)?;
        let shown = client.chatstate().send_composing(&jid).await;
        shown.map_err(|error| NotSent::Not(error.to_string()))
    }

    async fn fetch(&self, keys: &str, most: usize) -> Result<Vec<u8>, FetchError> {
        let client = self.connected().map_err(|error| FetchError::Failed(error.to_string()))?;
        let unreadable = || FetchError::Gone("what opens it cannot be read".to_owned());
        let params = Keys::read(keys).ok_or_else(unreadable)?;
        let room = Room { bytes: Cursor::new(Vec::new()), most };
        match client.download_to_writer(&params, room).await {
            Ok(room) => Ok(room.bytes.into_inner()),
            Err(error) if error.to_string().contains(FULL) => Err(FetchError::TooLarge),
            Err(error) if is_rejected(&error) => Err(FetchError::Gone(error.to_string())),
            Err(error) => Err(FetchError::Failed(error.to_string())),
        }
    }
}

/// What a room says that is full.
const FULL: &str = "the file has more bytes than are taken";

/// Whether the servers have said that the file is not there.
fn is_rejected(error: &whatsapp_rust::anyhow::Error) -> bool {
    let words = format!("{error:#}");
    ["403", "404", "410"].iter().any(|status| words.contains(status))
}

/// Room for so many bytes, whatever the sender has said of the file.
struct Room {
    bytes: Cursor<Vec<u8>>,
    most: usize,
}

impl Write for Room {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let end = self.bytes.position().saturating_add(bytes.len() as u64);
        if end > self.most as u64 {
            return Err(io::Error::other(FULL));
        }
        self.bytes.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Seek for Room {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.bytes.seek(to)
    }
}

impl DownloadWriter for Room {
    fn truncate(&mut self, len: u64) -> io::Result<()> {
        DownloadWriter::truncate(&mut self.bytes, len)
    }
}
