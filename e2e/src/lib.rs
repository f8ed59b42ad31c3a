//! A real browser against the real binary: what a person does and sees.
//!
//! [`Gateway`] starts, kills and restarts the program; [`Page`] is a person in front of headless
//! Chromium; [`play`] joins the two for one test. Chromium and its driver are those of the
//! distribution. Nothing here reaches beyond this machine.

mod browser;
mod cable;
mod gateway;
mod page;
mod patience;
mod stage;

pub use cable::Cable;
pub use gateway::{API_KEY, Gateway, Setting, text};
pub use page::{Card, Page};
pub use patience::until;
pub use stage::{Stage, artifacts, play, play_at};
