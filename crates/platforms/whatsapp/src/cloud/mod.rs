//! The official Cloud API: the adapter of one business number.
//!
//! Meta brings what is said by signed requests, and takes messages by others. A number has no list
//! of its chats, changes no message that was sent, and may write freely only to people who have
//! written to it within 24 hours. All three are said as what they are.

mod account;
mod callbacks;
mod check;
mod config;
mod graph;
mod list;
mod media;
mod outcomes;
mod refusal;
mod row;
mod seen;
mod signature;
mod webhook;

pub use account::{Cloud, Parts};
pub use check::{Checked, Health};
pub use config::{
    AccountConfig, AccountsConfig, ConfigProblem, FROM_ENVIRONMENT, NUMBER, Settings, Way, secrets,
    settings,
};
