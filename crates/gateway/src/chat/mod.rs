//! The one dispatcher for everything that people say: on platforms, in the terminal, through the
//! API.
//!
//! What comes in passes, in this order: reasons to drop it, who may talk, whether it is a command,
//! the gate (`countersign_domain::slash_access`), the verb. Verbs take an `AuthorizedCommand`, which
//! only the gate makes.

mod admission;
mod answer;
mod card_notes;
mod card_text;
mod channel;
mod conversations;
mod desk;
mod directory;
mod dispatch;
mod files;
mod follow;
mod grow;
mod hands;
mod history;
mod inform;
mod late;
mod listen;
mod notes;
mod numbers;
mod pair;
mod plugins;
mod post;
mod press;
mod receive;
mod refuse;
mod reply;
mod restart;
mod service;
mod settings;
mod show_approvals;
mod speak;
mod speaker;
mod tell;
mod unasked;
mod undelivered;
mod waiting;
mod word;

pub use channel::NotShown;
pub use desk::{AttachError, DropReason};
pub use files::FileLimits;
pub use receive::{InSession, SaidHere, SayError, Saying};
pub use settings::{
    Admission, BusyMode, ChatSettings, InGroups, MentionRule, PairingMode, PlainWords,
};

pub(crate) use desk::ChatDesk;
