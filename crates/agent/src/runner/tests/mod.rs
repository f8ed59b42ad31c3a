//! The loop against a small model of the gateway.

pub(crate) mod actors;
mod asking_the_model;
mod falling_back;
mod limits;
mod parallel_calls;
mod recovery;
mod runs;
pub(crate) mod stage;
mod steps;
mod stopping;
pub(crate) mod world;
