//! The rules of Countersign as pure values and functions.
//!
//! This crate knows what an approval is, what can become of it, who may decide it, and what may
//! run. It does no I/O, reads no clock and draws no random numbers: time, ids and secrets are
//! passed in, so every rule can be tested as a table. Storing, asking, running and showing happen
//! elsewhere.

pub mod access;
pub mod action;
pub mod approvals;
pub mod assessment;
pub mod audit;
pub mod chat;
pub mod commands;
pub mod content;
pub mod digest;
pub mod display;
pub mod files;
pub mod grants;
pub mod guard;
pub mod identity;
pub mod ids;
pub mod nodes;
pub mod outbound;
pub mod permit;
pub mod redaction;
pub mod runs;
pub mod service_conversations;
pub mod signing;
pub mod slash_access;
pub mod strict_json;
pub mod time;
pub mod verdict;
