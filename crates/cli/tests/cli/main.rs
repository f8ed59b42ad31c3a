//! The real binary on a home of its own, driven as a person would drive it.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests fail by panicking"
)]

mod approvals;
mod audit;
mod backup;
mod bus;
mod chat;
mod check;
mod config;
mod deploy;
mod doctor;
mod keys;
mod mattermost;
mod pairing;
mod running;
mod secrets;
mod service;
mod sessions;
mod setup;
mod start;
mod store;
mod support;
mod terminal;
mod whatsapp_cloud;
