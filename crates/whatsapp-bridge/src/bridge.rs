//! A bridge: an account, and what is kept of it.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::sync::Mutex;

use crate::account::{Account, Content, NotSent, Outgoing, Quoted};
use crate::hex::hex;
use crate::jid::Person;
use crate::store::{Store, StoreError, Taken};
use crate::token::Token;

/// So many messages are under way at one time, each into another chat.
const LANES: usize = 16;

/// How long `WhatsApp` has to take a text.
const TEXT_TIME: Duration = Duration::from_secs(20);

/// How long it has to take a file.
const FILE_TIME: Duration = Duration::from_secs(90);

/// Everything that answers.
pub struct Bridge {
    pub(crate) store: Store,
    pub(crate) account: Arc<dyn Account>,
    pub(crate) token: Token,
    /// Into one chat messages go one after the other.
    lanes: [Mutex<()>; LANES],
}

/// A message that is asked for, read and whole.
pub(crate) struct Wanted {
    pub(crate) chat: Person,
    pub(crate) content: Content,
    pub(crate) key: String,
    pub(crate) reply_to: Option<String>,
    /// What makes it this message.
    pub(crate) digest: [u8; 32],
}

/// Why a message is not known to be sent.
#[derive(Debug)]
pub(crate) enum SendError {
    /// The key is another message's.
    KeyUsed,
    /// Nothing has left.
    Not(String),
    /// It may have left.
    Unknown(String),
    /// Nothing can be kept; nothing has left.
    Store(StoreError),
}

impl From<StoreError> for SendError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl Bridge {
    /// A bridge to `account`.
    pub fn new(store: Store, account: Arc<dyn Account>, token: Token) -> Arc<Self> {
        Arc::new(Self { store, account, token, lanes: Default::default() })
    }

    /// Sends a message, and gives its id. The key is on stable storage before anything leaves.
    pub(crate) async fn send(&self, wanted: Wanted) -> Result<String, SendError> {
        let Wanted { chat, content, key, reply_to, digest } = wanted;
        let _turn = self.lane(&chat).lock().await;
        let taken = self.store.take_key(key.clone(), digest, new_message_id()?, now()).await?;
        let (message, first) = match taken {
            Taken::Sent(message) => return Ok(message),
            Taken::Other => return Err(SendError::KeyUsed),
            Taken::ToSend { message, first } => (message, first),
        };
        let reply_to = match reply_to {
            Some(id) => Some(Quoted { ours: self.store.has_sent(id.clone()).await?, id }),
            None => None,
        };
        let time = match content {
            Content::Text(_) => TEXT_TIME,
            Content::File { .. } => FILE_TIME,
        };
        let outgoing = Outgoing { chat, id: message.clone(), content, reply_to };
        match tokio::time::timeout(time, self.account.send(outgoing)).await {
            Ok(Ok(())) => {}
            Ok(Err(NotSent::Not(why))) if first => {
                self.store.free_key(key).await?;
                return Err(SendError::Not(why));
            }
            // An earlier try may have left; this one proves nothing.
            Ok(Err(NotSent::Not(why) | NotSent::Unknown(why))) => {
                return Err(SendError::Unknown(why));
            }
            Err(_) => return Err(SendError::Unknown("WhatsApp has not answered".to_owned())),
        }
        // If this is not kept, the next try gives the same id again.
        self.store.sent(key).await.map_err(|error| SendError::Unknown(error.to_string()))?;
        Ok(message)
    }

    fn lane(&self, chat: &Person) -> &Mutex<()> {
        let mut hasher = DefaultHasher::new();
        chat.as_str().hash(&mut hasher);
        let index = usize::try_from(hasher.finish() % LANES as u64).unwrap_or(0);
        let [first, ..] = &self.lanes;
        self.lanes.get(index).unwrap_or(first)
    }
}

/// An id as phones make them.
fn new_message_id() -> Result<String, SendError> {
    let mut bytes = [0_u8; 9];
    getrandom::fill(&mut bytes)
        .map_err(|error| SendError::Not(format!("there is no randomness: {error}")))?;
    Ok(format!("3EB0{}", hex(&bytes).to_ascii_uppercase()))
}

/// Now, in milliseconds since 1970.
pub(crate) fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
