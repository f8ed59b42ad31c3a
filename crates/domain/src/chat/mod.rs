//! Places and people on chat platforms, as every adapter names them.
//!
//! What a platform calls its chats and people is parsed here once; inside, every value is valid.

mod address;
mod card;
mod conversation;
mod file_name;
mod note;
mod owed_card;
mod pairing;
mod person;
mod scope;
mod session_key;

pub use address::{AccountId, Address, ChatId, InvalidChatName, MessageId, PlatformName, ThreadId};
pub use card::{CardNonce, PostedCard};
pub use conversation::{ChatRun, Conversation, Delivery, Earlier};
pub use file_name::safe_file_name;
pub use note::Note;
pub use owed_card::OwedCard;
pub use pairing::{Paired, Pairing, PairingCode, Unasked};
pub use person::PersonId;
pub use scope::ChatScope;
pub use session_key::{GroupSessions, SessionKey};
