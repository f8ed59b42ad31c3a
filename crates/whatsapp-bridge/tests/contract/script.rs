//! An account that does what the test says, behind the bridge of this repository.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::path::Path;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use countersign_whatsapp_bridge::{
    Account, Bridge, ChatKind, ChatSeen, Content, FetchError, From, Heard, HeardFile, Listening,
    NotSent, Outgoing, Owner, Person, Standing, Store, Token, listen,
};

use crate::ask::Asker;
use crate::worlds::{Left, Line, MOVISTAR, World};

const TOKEN: &str = "cs_bridge_for_tests_0123456789";

/// 18 November 2026, 11:00.
const NOON: i64 = 1_795_000_000_000;

/// An account without a phone.
#[derive(Default)]
pub(crate) struct Script {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    unlinked: bool,
    has_code: bool,
    silent: u32,
    deaf: u32,
    left: Vec<Left>,
    quoted: Vec<(String, bool)>,
    given: u32,
    files: BTreeMap<String, Vec<u8>>,
    said: u32,
}

impl Script {
    /// The next messages do not leave, and that is known.
    pub(crate) fn is_deaf(&self, times: u32) {
        self.state.lock().unwrap().deaf = times;
    }

    /// How often a message was given to the account.
    pub(crate) fn given(&self) -> u32 {
        self.state.lock().unwrap().given
    }

    /// What was quoted, and whether it was ours.
    pub(crate) fn quoted(&self) -> Vec<(String, bool)> {
        self.state.lock().unwrap().quoted.clone()
    }
}

#[async_trait]
impl Account for Script {
    fn standing(&self) -> Standing {
        let state = self.state.lock().unwrap();
        match (state.unlinked, state.has_code) {
            (false, _) => {
                let owner = Owner {
                    number: Some("34600000000@s.whatsapp.net".to_owned()),
                    lid: Some("990000000000000@lid".to_owned()),
                    push_name: Some("Own".to_owned()),
                };
                Standing::Linked { owner, offline: None }
            }
            (true, true) => {
                Standing::Code { code: "2@secret,code".to_owned(), until: i64::MAX / 2 }
            }
            (true, false) => Standing::Unlinked { why: None },
        }
    }

    async fn pair(&self) {}

    async fn send(&self, message: Outgoing) -> Result<(), NotSent> {
        let mut state = self.state.lock().unwrap();
        state.given += 1;
        if state.deaf > 0 {
            state.deaf -= 1;
            return Err(NotSent::Not("there is no connection".to_owned()));
        }
        let (text, bytes) = match message.content {
            Content::Text(text) => (text, Vec::new()),
            Content::File { caption, bytes, .. } => (caption.unwrap_or_default(), bytes),
        };
        state.quoted.extend(message.reply_to.map(|quoted| (quoted.id, quoted.ours)));
        // A phone shows one id once.
        if state.left.iter().all(|left| left.id != message.id) {
            let chat = message.chat.as_str().to_owned();
            state.left.push(Left { chat, text, id: message.id, bytes });
        }
        if state.silent > 0 {
            state.silent -= 1;
            return Err(NotSent::Unknown("the connection broke off".to_owned()));
        }
        Ok(())
    }

    async fn typing(&self, _: &Person) -> Result<(), NotSent> {
        Ok(())
    }

    async fn fetch(&self, keys: &str, most: usize) -> Result<Vec<u8>, FetchError> {
        let state = self.state.lock().unwrap();
        let bytes = state.files.get(keys).cloned();
        let bytes = bytes.ok_or_else(|| FetchError::Gone("404".to_owned()))?;
        if bytes.len() > most { Err(FetchError::TooLarge) } else { Ok(bytes) }
    }
}

/// The bridge of this repository, with a script for an account.
pub(crate) struct Own {
    pub(crate) script: Arc<Script>,
    pub(crate) store: Store,
    listening: Listening,
    _folder: Option<tempfile::TempDir>,
}

impl Own {
    pub(crate) async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let own = Self::at(&folder.path().join("bridge.db"), Arc::new(Script::default())).await;
        Self { _folder: Some(folder), ..own }
    }

    /// With what is kept in this file.
    pub(crate) async fn at(file: &Path, script: Arc<Script>) -> Self {
        let store = Store::open(file).unwrap();
        let bridge = Bridge::new(store.clone(), script.clone(), Token::new(TOKEN).unwrap());
        let listening = listen(bridge, (Ipv4Addr::LOCALHOST, 0).into()).await.unwrap();
        Self { script, store, listening, _folder: None }
    }

    /// Ends the process, as far as one can.
    pub(crate) async fn ends(self) {
        self.listening.stop().await;
    }

    /// What `MOVISTAR` says in a direct chat.
    pub(crate) fn heard(&self, text: &str) -> Heard {
        let mut state = self.script.state.lock().unwrap();
        state.said += 1;
        let jid = format!("{MOVISTAR}@s.whatsapp.net");
        Heard {
            id: format!("3A{:04}", state.said),
            chat: jid.clone(),
            kind: ChatKind::Direct,
            sender: jid.clone(),
            number: Some(jid),
            lid: Some("990000000000001@lid".to_owned()),
            push_name: Some("Movistar".to_owned()),
            from: From::Provider,
            text: text.to_owned(),
            media: None,
            file: None,
            reply_to: None,
            at: NOON,
        }
    }
}

#[async_trait]
impl World for Own {
    fn asker(&self) -> Asker {
        self.stranger(Some(TOKEN))
    }

    fn stranger(&self, token: Option<&str>) -> Asker {
        Asker::new(format!("http://{}", self.listening.address()), token)
    }

    async fn says(&self, line: Line) {
        let Line { text, by_hand, reply_to, file } = line;
        let heard = self.heard(&text);
        let file = file.map(|(media_type, size, bytes)| {
            let keys = format!("keys of {}", heard.id);
            let size = size.unwrap_or(bytes.len() as u64);
            self.script.state.lock().unwrap().files.insert(keys.clone(), bytes);
            let (media_type, name) = (media_type.to_owned(), Some("bill.pdf".to_owned()));
            HeardFile { media_type, size, name, keys }
        });
        let media = file.is_some().then(|| "document".to_owned());
        let from = if by_hand { From::User } else { From::Provider };
        let heard = Heard { from, reply_to, media, file, ..heard };
        self.store.hear(vec![heard]).await.unwrap();
    }

    async fn group_says(&self, text: &str) {
        let chat = "1203630-1@g.us".to_owned();
        let heard = Heard { chat, kind: ChatKind::Group, ..self.heard(text) };
        self.store.hear(vec![heard]).await.unwrap();
    }

    async fn has_chat(&self, id: &str, name: &str, kind: &'static str) {
        let kind = match kind {
            "direct" => ChatKind::Direct,
            "group" => ChatKind::Group,
            _ => ChatKind::Broadcast,
        };
        let (id, name) = (id.to_owned(), Some(name.to_owned()));
        let seen = ChatSeen { id, kind, name, last_at: Some(NOON), unread: Some(1) };
        self.store.see(vec![seen]).await.unwrap();
    }

    fn left(&self) -> Vec<Left> {
        self.script.state.lock().unwrap().left.clone()
    }

    fn breaks_off(&self, times: u32) {
        self.script.state.lock().unwrap().silent = times;
    }

    fn is_linked(&self, linked: bool) {
        self.script.state.lock().unwrap().unlinked = !linked;
    }

    fn has_code(&self, has: bool) {
        self.script.state.lock().unwrap().has_code = has;
    }
}
