//! The tools on real files, processes and servers.

mod code;
mod files;
mod http;
mod sending;
mod terminal;
