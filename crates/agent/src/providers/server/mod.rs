//! What providers that are servers share: where one is, what it streams and what its errors say.

mod answer_error;
mod offer;
mod reading;
mod settings;
mod sse;

pub(super) use answer_error::{error_in_stream, read_error, shown};
pub(super) use offer::{beside, offered};
pub(super) use reading::{
    FromEvents, Piece, client, is_json, read_stream, read_whole, send, too_large,
};
pub use settings::ServerSettings;
