//! A strict fake of the `WhatsApp` bridge: the contract of `docs/whatsapp-bridge.openapi.json`, an
//! account with its chats behind it, and the people in them.
//!
//! It wants its token on every request, takes no field that the contract does not have, gives a key
//! one message, forgets nothing that was not acknowledged, and lets itself be taken away.

mod fake;
mod files;
mod pairing;
mod people;
mod routes;
mod state;

pub use fake::FakeBridge;
pub use files::{SaidFile, SentFile};
pub use people::{Provider, Said};
pub use state::SentMessage;
