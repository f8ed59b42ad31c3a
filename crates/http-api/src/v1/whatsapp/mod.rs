//! `WhatsApp`: recent chats, and service conversations.

mod change;
mod list;
mod pairing;
mod read;
mod recent;
mod start;
mod wire;

use utoipa_axum::routes;

use super::Routes;

pub(super) fn reading() -> Routes {
    vec![
        routes!(recent::recent_chats),
        routes!(list::list_service_chats),
        routes!(read::read_service_chat),
    ]
}

pub(super) fn linking() -> Routes {
    vec![routes!(pairing::bridge_pairing)]
}

pub(super) fn starting() -> Routes {
    vec![routes!(start::start_service_chat)]
}

pub(super) fn changing() -> Routes {
    vec![routes!(change::change_service_chat)]
}
