//! `GET /v1/sessions`

use axum::Json;
use axum::extract::State;
use countersign_ports::store::Page;

use super::wire::SessionBody;
use crate::access::Admitted;
use crate::problem::Problem;
use crate::query::Parameters;
use crate::server::App;
use crate::v1::List;

/// The longest part of the list.
const MOST: usize = 100;

/// List sessions, newest first: the caller's own, or all for an admin.
///
/// A part may be shorter than `limit` and still have a next one.
#[utoipa::path(
    get, path = "/v1/sessions", tag = "sessions", operation_id = "listSessions",
    params(
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 100,
            description = "1 to 100; 20 by default."),
        ("cursor" = Option<String>, Query, pattern = "^sess_[0-9a-f]{32}$",
            description = "`next_cursor` of the part before.")
    ),
    responses((status = 200, description = "A part of the list.", body = List<SessionBody>))
)]
pub(crate) async fn list_sessions(
    State(app): State<App>,
    Admitted(identity): Admitted,
    mut query: Parameters,
) -> Result<Json<List<SessionBody>>, Problem> {
    let page = query.page(MOST)?;
    query.finish()?;
    let Page { items, next } = app.gateway.list_sessions(page, &identity.caller).await?;
    Ok(Json(List::part(items.into_iter().map(SessionBody::from).collect(), next)))
}
