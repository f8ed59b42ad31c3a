//! Sessions: the conversations that runs share.

mod fork;
mod list;
mod messages;
mod name;
mod read;
mod remove;
mod wire;

use utoipa_axum::routes;

use super::Routes;

pub(super) fn routes() -> Routes {
    vec![
        routes!(list::list_sessions),
        routes!(read::read_session, name::name_session, remove::delete_session),
        routes!(messages::session_messages),
        routes!(fork::fork_session),
    ]
}
