//! What clients of the reference system need besides: its names for what is here.

mod approval;
mod capabilities;
mod records;

use utoipa_axum::routes;

use super::Routes;

pub(super) use records::HermesRecords;

/// What those who start runs use.
pub(super) fn routes() -> Routes {
    vec![routes!(capabilities::capabilities)]
}

/// What those who decide use.
pub(super) fn deciding() -> Routes {
    vec![routes!(approval::resolve_of_run)]
}
