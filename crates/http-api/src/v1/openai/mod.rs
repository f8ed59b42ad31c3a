//! What clients of OpenAI's interfaces use: models, chat completions, responses. Each answer is an
//! ordinary run, started and followed as any other.

mod attendance;
mod chat;
mod content;
mod models;
mod responses;

use utoipa_axum::routes;

use super::Routes;

pub(crate) use chat::ChatSchemas;
pub(crate) use responses::ResponseSchemas;

pub(super) fn routes() -> Routes {
    let models = vec![routes!(models::list_models), routes!(models::read_model)];
    models.into_iter().chain(chat::routes()).chain(responses::routes()).collect()
}
