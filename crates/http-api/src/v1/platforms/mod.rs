//! The bots on chat platforms.

mod list;
mod wire;

use utoipa_axum::routes;

use super::Routes;

pub(super) fn routes() -> Routes {
    vec![routes!(list::list_platforms)]
}
