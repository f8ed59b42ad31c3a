//! The HTTP surface of Countersign: the API, its event streams, the OpenAPI document and the web
//! page.
//!
//! A transport: it authenticates, parses at the edge, calls a verb of the gateway and renders what
//! that says. It keeps no state of its own beyond rate limits, and decides nothing.

mod access;
mod body;
mod config;
mod connection;
mod cors;
mod crowd;
mod docs;
mod env_key;
mod failure;
mod headers;
mod health;
mod hosts;
mod metrics;
mod metrics_token;
mod openapi;
mod path;
mod platforms;
mod problem;
mod query;
mod rate;
mod router;
mod script;
mod server;
mod settings_view;
mod sse;
mod v1;
mod web;

pub use config::{HttpConfig, Timeouts};
pub use connection::{serve, serve_with};
pub use env_key::{WeakKey, check_env_key};
pub use metrics_token::InvalidToken;
pub use openapi::openapi;
pub use router::router;
pub use server::{About, OperatorToken, ServerParts};
pub use settings_view::{Setting, SettingSource, SettingValue, SettingsView};
