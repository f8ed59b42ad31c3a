//! What a person sees and does in the web page.

mod audit;
mod batch;
mod chat;
mod connection;
mod decide;
mod hostile_text;
mod keyboard;
mod keys;
mod looks;
mod mattermost;
mod pairing;
mod paper;
mod phone;
mod runs;
mod services;
mod sessions;
mod settings;
mod sign_in;
mod tabs;
