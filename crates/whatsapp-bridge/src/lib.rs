//! What a bridge to a `WhatsApp` account is, without the account: the queue of what was said, the
//! keys of what is sent, the recent chats, and the contract of `docs/whatsapp-bridge.openapi.json`
//! over them. The account itself is behind [`Account`]: in `bridges/whatsapp` a linked device, in
//! tests a script.
//!
//! A bridge forwards everything of direct chats and decides nothing. What was said is on stable
//! storage before `WhatsApp` is told that it arrived, and stays until the gateway has it.

mod account;
mod bridge;
mod file;
mod hex;
mod http;
mod jid;
mod pairing;
mod serve;
mod store;
mod terms;
mod token;

pub use account::{Account, Content, FetchError, NotSent, Outgoing, Owner, Quoted, Standing};
pub use bridge::Bridge;
pub use file::{FileKind, LARGEST_FILE, MediaType};
pub use jid::Person;
pub use serve::{Listening, listen};
pub use store::{ChatKind, ChatSeen, From, Heard, HeardFile, Store, StoreError};
pub use terms::{TERMS, TERMS_TEXT};
pub use token::{Token, TokenError};
