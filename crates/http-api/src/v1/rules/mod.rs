//! Standing rules: what `session` and `always` decisions left behind.

mod list;
mod read;
mod revoke;
mod wire;

use utoipa_axum::routes;

use super::Routes;

pub(super) fn reading() -> Routes {
    vec![routes!(list::list_rules), routes!(read::read_rule)]
}

pub(super) fn changing() -> Routes {
    vec![routes!(revoke::revoke_rule)]
}
