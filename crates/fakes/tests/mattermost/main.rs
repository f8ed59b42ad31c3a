//! The fake Mattermost, asked as a gateway would ask it.

mod gateway;
mod smoke;
