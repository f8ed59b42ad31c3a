//! A strict fake of Meta's `WhatsApp` Cloud API: the Graph routes of one business number, the signed
//! webhooks that it sends, and the people who write to the number.
//!
//! It takes no field, length or version that the real one does not, keeps the window of 24 hours and
//! the rate limits under a clock that a test moves, signs every webhook over the bytes that it sends,
//! and brings again what was not answered with 200.

mod content;
mod deliver;
mod fake;
mod forge;
mod media;
mod people;
mod refusal;
mod routes;
mod send;
mod settings;
mod state;
mod strict;

pub use crate::mattermost::Clock;
pub use content::{Content, Row};
pub use deliver::Brought;
pub use fake::FakeCloud;
pub use people::{File, Person};
pub use settings::{Late, Settings, Statuses};
pub use state::SentMessage;
