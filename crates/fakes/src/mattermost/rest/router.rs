//! Every route.

use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post, put};

use super::{actions, channels, commands, files, gates, posts, system, teams, users};
use crate::mattermost::refusal::Refusal;
use crate::mattermost::server::Server;
use crate::mattermost::socket::upgrade::upgrade;

pub(crate) fn router(server: Arc<Server>) -> Router {
    let api = Router::new()
        .merge(account_routes())
        .merge(channel_routes())
        .merge(post_routes())
        .merge(command_routes())
        .route("/websocket", get(upgrade))
        .route("/config/client", get(system::client_config))
        .route("/license/client", get(system::client_license))
        .route("/system/ping", get(system::ping));
    Router::new()
        .nest("/api/v4", api)
        .route("/hooks/commands/{hook}", post(commands::answer_late))
        .fallback(|| async { Refusal::no_such_page() })
        .method_not_allowed_fallback(|| async { Refusal::no_such_page() })
        .layer(from_fn_with_state(server.clone(), gates::bound_body))
        .layer(from_fn_with_state(server.clone(), gates::inject_faults))
        .layer(from_fn_with_state(server.clone(), gates::limit_rate))
        .layer(from_fn_with_state(server.clone(), gates::name_request))
        .with_state(server)
}

fn account_routes() -> Router<Arc<Server>> {
    Router::new()
        .route("/users/login", post(users::log_in))
        .route("/users/logout", post(users::log_out))
        .route("/users/ids", post(users::by_ids))
        .route("/users/usernames", post(users::by_names))
        .route("/users/username/{name}", get(users::by_name))
        .route("/users/{user}", get(users::show))
        .route("/users/{user}/status", get(users::status))
        .route("/users/{user}/tokens", post(users::create_token))
        .route("/users/{user}/typing", post(users::type_in))
        .route("/users/{user}/teams", get(teams::of_user))
        .route("/users/{user}/teams/{team}/channels", get(channels::of_user))
        .route("/bots", post(users::create_bot))
        .route("/bots/{bot}", get(users::show_bot))
        .route("/teams", get(teams::list))
        .route("/teams/{team}", get(teams::show))
        .route("/teams/name/{name}", get(teams::by_name))
        .route("/teams/{team}/members/{user}", get(teams::member))
        .route("/teams/{team}/channels/name/{name}", get(channels::by_name))
        .route("/teams/{team}/commands/autocomplete", get(commands::autocomplete))
}

fn channel_routes() -> Router<Arc<Server>> {
    Router::new()
        .route("/channels", post(channels::create))
        .route("/channels/direct", post(channels::direct))
        .route("/channels/group", post(channels::group))
        .route("/channels/{channel}", get(channels::show))
        .route("/channels/{channel}/posts", get(posts::of_channel))
        .route("/channels/{channel}/members", get(channels::members).post(channels::add_member))
        .route(
            "/channels/{channel}/members/{user}",
            get(channels::member).delete(channels::remove_member),
        )
        .route("/channels/members/{user}/view", post(channels::view))
}

fn post_routes() -> Router<Arc<Server>> {
    Router::new()
        .route("/posts", post(posts::create))
        .route("/posts/ids", post(posts::by_ids))
        .route("/posts/ephemeral", post(posts::ephemeral))
        .route("/posts/{post}", get(posts::show).delete(posts::delete))
        .route("/posts/{post}/patch", put(posts::patch))
        .route("/posts/{post}/thread", get(posts::thread))
        .route("/posts/{post}/files/info", get(files::of_post))
        .route("/posts/{post}/actions/{action}", post(actions::click))
        .route("/actions/dialogs/open", post(actions::open_dialog))
        .route("/actions/dialogs/submit", post(actions::submit_dialog))
        .route("/files", post(files::upload))
        .route("/files/{file}", get(files::content))
        .route("/files/{file}/info", get(files::info))
}

fn command_routes() -> Router<Arc<Server>> {
    Router::new()
        .route("/commands", get(commands::list).post(commands::create))
        .route("/commands/execute", post(commands::execute))
        .route(
            "/commands/{command}",
            get(commands::show).put(commands::update).delete(commands::delete),
        )
        .route("/commands/{command}/regen_token", put(commands::regenerate_token))
}
