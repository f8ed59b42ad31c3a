//! Grants.

mod consume;

use utoipa_axum::routes;

use super::Routes;

pub(super) fn routes() -> Routes {
    vec![routes!(consume::consume_grant)]
}
