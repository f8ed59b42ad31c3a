//! The WebSocket: who listens, what they get, and how one socket takes over from another.

pub(crate) mod connection;
pub(crate) mod events;
pub(crate) mod hub;
pub(crate) mod requests;
pub(crate) mod upgrade;
