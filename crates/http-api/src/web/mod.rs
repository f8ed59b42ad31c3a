//! The web page: its files, signing in by a one-time link, and the sign-in's own routes.

mod assets;
mod pages;
mod session;
mod sign_in;
mod sign_out;

use axum::Router;
use axum::routing::get;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access::{Group, Needs};
use crate::server::App;

pub(crate) use pages::page;

/// The routes behind a sign-in.
pub(crate) fn group() -> Group {
    let routes = vec![routes!(session::web_session), routes!(sign_out::sign_out)];
    Group::new(Needs::SIGN_IN, routes)
}

/// The way in.
pub(crate) fn entrance() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(sign_in::sign_in))
}

/// Pages and files: open to all, because they hold nothing but the program.
pub(crate) fn pages() -> Router<App> {
    Router::new()
        .route("/", get(pages::index))
        .route("/approvals/{approval_id}", get(pages::index))
        .route("/chat", get(pages::index))
        .route("/chat/{session_id}", get(pages::index))
        .route("/batch", get(pages::index))
        .route("/service-worker.js", get(assets::service_worker))
        .route("/runs", get(pages::index))
        .route("/runs/{run_id}", get(pages::index))
        .route("/sessions", get(pages::index))
        .route("/sessions/{session_id}", get(pages::index))
        .route("/keys", get(pages::index))
        .route("/settings", get(pages::index))
        .route("/rules", get(pages::index))
        .route("/people", get(pages::index))
        .route("/services", get(pages::index))
        .route("/services/{chat}", get(pages::index))
        .route("/audit", get(pages::index))
        .route("/assets/{file}", get(assets::asset))
}
