//! The gateway's signing keys.

mod published;
mod rotate;
mod wire;

use utoipa_axum::router::UtoipaMethodRouter;
use utoipa_axum::routes;

use super::Routes;
use crate::server::App;

/// Anybody may verify.
pub(crate) fn published() -> UtoipaMethodRouter<App> {
    routes!(published::signing_keys)
}

pub(super) fn changing() -> Routes {
    vec![routes!(rotate::rotate_signing_key)]
}
