//! Runs: one piece of work of the agent each.

mod answer;
mod events;
mod list;
mod read;
mod start;
mod start_wire;
mod stop;
mod wire;

use utoipa_axum::routes;

use super::Routes;

pub(crate) use start::Schemas;

pub(super) fn routes() -> Routes {
    vec![
        routes!(start::start_run, list::list_runs),
        routes!(read::read_run),
        routes!(stop::stop_run),
        routes!(answer::answer_run),
        routes!(events::run_events),
    ]
}
