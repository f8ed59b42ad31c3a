//! The adapter against a strict Mattermost, with the real gateway behind it.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails where it is")]

mod checking;
mod commands;
mod conversation;
mod nodes;
mod refusals;
mod town;
mod troubles;
