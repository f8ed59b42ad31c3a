//! The fake Mattermost, asked as a gateway would ask it: a file for each part of the contract.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "what a test builds on is there, or the test fails where it is not"
)]

mod buttons;
mod channels;
mod commands;
mod dialogs;
mod files;
mod gateway;
mod limits;
mod posts;
mod smoke;
mod sockets;
