//! Approvals: the questions put to people, and their answers.

mod attention_wire;
mod edit;
mod events;
mod files;
mod list;
mod read;
mod receipt;
mod request;
mod resolve;
mod wire;

use utoipa_axum::routes;

use super::Routes;

pub(crate) use resolve::decide;
pub(crate) use wire::{ApprovalBody, FindingBody, RevealedBody};

pub(super) fn reading() -> Routes {
    vec![routes!(list::list_approvals), routes!(events::approval_events)]
}

pub(super) fn reading_one() -> Routes {
    vec![routes!(read::read_approval), routes!(receipt::read_receipt)]
}

pub(super) fn requesting() -> Routes {
    vec![routes!(request::request_approval)]
}

pub(super) fn deciding() -> Routes {
    vec![routes!(resolve::resolve_approval), routes!(edit::edit_approval)]
}
