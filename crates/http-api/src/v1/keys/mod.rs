//! API keys.

mod create;
mod list;
mod revoke;
mod wire;

use utoipa_axum::routes;

use super::Routes;

pub(super) fn routes() -> Routes {
    vec![routes!(create::create_key, list::list_keys), routes!(revoke::revoke_key)]
}
