//! What the server does, a file a verb.

mod accounts;
mod answer_command;
mod change_post;
mod click;
mod create_post;
mod dialogs;
mod ephemeral;
pub(crate) mod faults;
mod files;
mod manage_channels;
mod manage_commands;
pub(crate) mod outgoing;
pub(crate) mod rate;
mod run_command;
pub(crate) mod signing;
mod state;
mod typing;

pub(crate) use change_post::PostPatch;
pub(crate) use click::Click;
pub(crate) use create_post::NewPost;
pub(crate) use files::NewFile;
pub(crate) use manage_channels::NewChannel;
pub(crate) use manage_commands::Listing;
pub(crate) use run_command::TypedCommand;
pub(crate) use state::Server;
