//! The fake Mattermost, asked as a gateway would ask it: a file for each part of the contract.

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
