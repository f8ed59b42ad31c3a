//! Mattermost, as its server behaves in version 11: REST, WebSocket, buttons, commands, dialogs.
//!
//! [`FakeMattermost`] is the server and what a test does to it; [`Person`] is somebody who uses it.
//! `model` holds what the server knows and the rules on it, `server` what it does (a file a verb),
//! `rest` and `socket` how it is asked, `people` how a test acts and looks.

mod clock;
mod fake;
mod model;
mod people;
mod refusal;
mod rest;
mod server;
mod settings;
mod socket;

pub use clock::Clock;
pub use fake::{Account, Bot, FakeMattermost, Hold};
pub use model::channels::ChannelKind;
pub use model::ids::{ChannelId, CommandId, ConnectionId, FileId, PostId, TeamId, UserId};
pub use model::permissions::{SystemRole, TeamRole};
pub use model::posts::Post;
pub use people::{
    ClickOutcome, CommandOutcome, Dialog, DialogOutcome, Forged, Person, RegisteredCommand, Seen,
};
pub use refusal::Refusal;
pub(crate) use rest::multipart;
pub use server::outgoing::Delivered;
pub use settings::{RateLimit, Settings, SiteUrl, TriggerSigning};
