//! People who are on no list.

mod approve;
mod list;
mod remove;
mod wire;

use utoipa_axum::routes;

use super::Routes;

pub(super) fn routes() -> Routes {
    vec![
        routes!(list::list_pairings),
        routes!(approve::approve_pairing),
        routes!(remove::remove_pairing),
    ]
}
