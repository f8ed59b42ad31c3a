//! A model of the Messages API of Anthropic: it answers by a script, and takes only what the real
//! one takes.

mod answer;
mod conversation;
mod fake;
mod request;
mod stream;

pub use answer::{Answer, Block, End};
pub use fake::{FakeAnthropic, KEY};
