//! Mattermost: messages, cards with buttons, native slash commands, and proof of who clicked.
//!
//! The adapter proves one thing: that the sender is who it says. The server signs no request of its
//! own, so a button carries a seal that only this house can make, and a click the server's signature
//! over who clicked and when. What is decided, and who may, is the gateway's business.

mod adapter;
mod backoff;
mod callbacks;
mod calling;
mod card;
mod channels;
mod check;
mod config;
mod directory;
mod id;
mod invocation;
mod lane;
mod lines;
mod listen;
mod lost_card;
mod mention;
mod plain_http;
mod posted;
mod pressing;
mod proof;
mod reach;
mod reading;
mod reason;
mod registering;
mod rest;
mod resume;
mod rewrite;
mod seal;
mod send_files;
mod slash;
mod socket;
mod split;
mod trigger;
mod vault;
mod wire;

pub use adapter::{Mattermost, PLATFORM, Parts};
pub use check::{Checked, Health};
pub use config::{
    AccountConfig, AccountsConfig, ConfigProblem, FROM_ENVIRONMENT, ReplyMode, Settings,
    SignedClicks, secrets, settings,
};
