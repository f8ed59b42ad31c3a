//! The adapter of the Cloud API against a strict fake of it, with the real gateway behind it.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails where it is")]

mod cards;
mod checking;
mod conversation;
mod forged;
mod providers;
mod town;
mod troubles;
