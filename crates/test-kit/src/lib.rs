//! A gateway for tests that speaks a user's verbs.
//!
//! [`House`] is the real gateway, agent, tools and store with the rehearsal model, on a temporary
//! directory, under a clock that the test moves. Nothing here is used outside tests.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "a test that cannot be set up fails where it is"
)]

mod anything_said;
mod breakable_signer;
mod breakable_store;
mod fake_remote;
mod house;
mod manual_clock;
mod seeded_entropy;
mod testing_callbacks;
mod testing_platform;

pub use anything_said::AnythingSaid;
pub use breakable_signer::BreakableSigner;
pub use breakable_store::{BreakableStore, Gate};
pub use fake_remote::{Answers, FakeRemote, Received};
pub use house::{House, HouseBuilder, Neighbour, business};
pub use manual_clock::ManualClock;
pub use seeded_entropy::SeededEntropy;
pub use testing_platform::{Member, Shown, ShownCard, TestingPlatform};
