//! What the server knows, and the rules on it. No input or output.

pub(crate) mod attachments;
pub(crate) mod channels;
pub(crate) mod commands;
pub(crate) mod ids;
pub(crate) mod permissions;
pub(crate) mod posts;
pub(crate) mod users;
pub(crate) mod world;
