//! Chat completions: the caller brings the whole conversation, or names a session that has it.

mod create;
mod hermes_headers;
mod request;
mod speech;
mod stream;
mod wire;

use utoipa_axum::routes;

use crate::v1::Routes;

pub(super) use create::RUN_ID;
pub(crate) use request::{ChatSchemas, StreamOptionsBody};
pub(super) use stream::cancelled;

pub(super) fn routes() -> Routes {
    vec![routes!(create::create_chat_completion)]
}
