//! Version 1 of the API. The file is the route; each group of routes stands behind what it needs.

pub(crate) mod approvals;
mod assess;
mod audit;
mod chat;
mod grants;
mod hermes;
mod idempotency_key;
mod keys;
mod list;
mod nodes;
mod openai;
mod pairings;
mod platforms;
mod rules;
mod runs;
mod sessions;
mod settings;
mod sign_in_links;
pub(crate) mod signing_keys;
mod to_the_end;
mod usage;
mod whatsapp;

use countersign_domain::access::Scope;
use utoipa_axum::router::UtoipaMethodRouter;
use utoipa_axum::routes;

use crate::access::{Group, Needs};
use crate::server::App;

pub(crate) use idempotency_key::{idempotency, idempotency_key};
pub(crate) use list::List;
pub(crate) use openai::{ChatSchemas, ResponseSchemas};
pub(crate) use runs::Schemas;
pub(crate) use to_the_end::to_the_end;

type Routes = Vec<UtoipaMethodRouter<App>>;

const RUNS: Needs = Needs::any_of(&[Scope::Runs]);
const READ: Needs = Needs::any_of(&[Scope::ApprovalsRead]);
/// Whoever asked for an action may read of it, too.
const READ_OR_OWN: Needs = Needs::any_of(&[Scope::ApprovalsRead, Scope::Runs, Scope::Outbound]);
const DECIDE: Needs = Needs::any_of(&[Scope::ApprovalsDecide]);
const AUDIT: Needs = Needs::any_of(&[Scope::Audit]);
const OUTBOUND: Needs = Needs::any_of(&[Scope::Outbound]);
const ADMIN: Needs = Needs::any_of(&[Scope::Admin]);

/// Every route, in groups with what they need.
pub(crate) fn groups() -> Vec<Group> {
    vec![
        Group::new(RUNS, runs::routes()),
        Group::new(RUNS, vec![routes!(chat::say)]),
        Group::new(RUNS, vec![routes!(usage::read_usage)]),
        Group::new(RUNS, sessions::routes()),
        Group::new(RUNS, openai::routes()),
        Group::new(RUNS, hermes::routes()),
        Group::new(READ, approvals::reading()),
        Group::new(READ_OR_OWN, approvals::reading_one()),
        Group::new(OUTBOUND, approvals::requesting()),
        Group::new(DECIDE, approvals::deciding()),
        Group::new(DECIDE, hermes::deciding()),
        Group::new(READ, rules::reading()),
        Group::new(READ, whatsapp::reading()),
        Group::new(RUNS, whatsapp::starting()),
        Group::new(DECIDE, whatsapp::changing()),
        Group::new(DECIDE, rules::changing()),
        Group::new(READ_OR_OWN, vec![routes!(assess::assess)]),
        Group::new(AUDIT, audit::routes()),
        Group::new(OUTBOUND, grants::routes()),
        Group::new(ADMIN, keys::routes()),
        Group::new(ADMIN, pairings::routes()),
        Group::new(ADMIN, nodes::routes()),
        Group::new(ADMIN, vec![routes!(settings::read_settings)]),
        Group::new(ADMIN, platforms::routes()),
        Group::new(ADMIN, whatsapp::linking()),
        Group::new(ADMIN, signing_keys::changing()),
        Group::new(ADMIN, vec![routes!(sign_in_links::create_sign_in_link)]),
    ]
}
