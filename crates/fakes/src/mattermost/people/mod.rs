//! How a test acts as somebody, and what it looks at.

mod forge;
mod observe;
mod outcome;
mod person;
mod seen;

pub use forge::Forged;
pub use outcome::{ClickOutcome, CommandOutcome, DialogOutcome};
pub use person::Person;
pub use seen::{Dialog, RegisteredCommand, Seen};
