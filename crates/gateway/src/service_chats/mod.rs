//! Service conversations: a verb a file.
//!
//! The rules are `countersign_domain::service_conversations`; here the chats are read, the rules
//! asked, and everything that follows is committed at once. `commit.rs` is where the end of an
//! approval becomes the end of a draft, whoever ended it.

mod attach;
mod carry;
mod change;
mod commit;
mod converse;
mod current;
mod hear;
mod list;
mod operators;
mod propose;
mod release;
mod strangers;
mod sweep;
mod turns;
mod whose;

pub use change::{ChangeChatError, ChatChange};
pub use converse::{StartChat, StartChatError};
pub use list::{ChatLimits, RecentView, SaidView, ServiceChatView, ServiceChatsError, ThreadPart};

pub(crate) use attach::Bridge;
pub(crate) use converse::numbers_for;
pub(crate) use strangers::Strangers;
pub(crate) use turns::{goes_beyond, still_only_once};
