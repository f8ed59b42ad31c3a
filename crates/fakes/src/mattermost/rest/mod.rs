//! REST: routes and what they take and give. What they do is in `server`.

mod actions;
pub(crate) mod auth;
mod body;
mod channels;
mod commands;
mod files;
mod gates;
pub(crate) mod multipart;
mod posts;
mod router;
mod system;
mod teams;
mod users;

pub(crate) use router::router;
