//! The audit log.

mod list;
mod wire;

use utoipa_axum::routes;

use super::Routes;

pub(super) fn routes() -> Routes {
    vec![routes!(list::list_audit_records)]
}
