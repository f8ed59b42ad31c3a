//! Strict models of outside services, served over their own protocols.
//!
//! A fake here is a small server that a test talks to as it would talk to the real one: it keeps
//! accounts, channels and messages, enforces the limits, permissions and signatures of the real
//! service, and answers with its errors. Beside it, its people: they write, click, type commands,
//! click twice and forge. It knows nothing of the gateway and depends on none of our crates.
//!
//! What it is not: a chat server for use, or a record of everything that the real service can do.

#![expect(
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "a test that cannot be set up fails where it is"
)]

pub mod anthropic;
pub mod mattermost;
pub mod whatsapp_bridge;
pub mod whatsapp_cloud;
