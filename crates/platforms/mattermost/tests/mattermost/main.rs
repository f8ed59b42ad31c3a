//! The adapter against a strict Mattermost, with the real gateway behind it.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails where it is")]

mod callbacks;
mod checking;
mod commands;
mod conversation;
mod files;
mod growing;
mod lost_cards;
mod nodes;
mod rates;
mod refusals;
mod teams;
mod town;
mod troubles;
mod ways;
