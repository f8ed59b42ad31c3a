//! `WhatsApp`: the bridge to the user's own account, over loopback HTTP, and the operators' chats.
//!
//! The bridge is another process, which holds the link to the account; what it and this client say to
//! each other is `docs/whatsapp-bridge.openapi.json`. Policy is the gateway's: neither of the two
//! decides who is written to.

mod adapter;
mod client;
pub mod cloud;
mod drawing;
mod files;
mod link;
mod process;
mod terms;
mod transport;
mod wire;

pub use adapter::{PLATFORM, WhatsApp};
pub use client::{BridgeClient, BridgeSettings};
pub use link::Link;
pub use process::{BridgePace, BridgeProcess, Ended, ManagedBridge};
pub use terms::{TERMS, TERMS_TEXT, Terms};
