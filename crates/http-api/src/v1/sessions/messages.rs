//! `GET /v1/sessions/{session_id}/messages`

use axum::Json;
use axum::extract::State;
use countersign_domain::ids::SessionId;
use countersign_ports::store::Page;

use super::wire::SessionMessageBody;
use crate::access::Admitted;
use crate::path::Id;
use crate::problem::{Problem, ProblemBody};
use crate::query::Parameters;
use crate::server::App;
use crate::v1::List;

/// The longest part, in runs.
const MOST: usize = 100;

/// Read what was said in a session.
///
/// The last runs first, a part at a time; within a part the oldest message comes first.
#[utoipa::path(
    get, path = "/v1/sessions/{session_id}/messages", tag = "sessions",
    operation_id = "readSessionMessages",
    params(
        ("session_id" = String, Path, pattern = "^sess_[0-9a-f]{32}$",
            example = "sess_0198c0de00007000800000000000000b"),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 100,
            description = "Of how many runs: 1 to 100; 20 by default."),
        ("cursor" = Option<String>, Query, pattern = "^run_[0-9a-f]{32}$",
            description = "`next_cursor` of the part after.")
    ),
    responses(
        (status = 200, description = "A part of the messages.", body = List<SessionMessageBody>),
        (status = 404, description = "`session_not_found`", body = ProblemBody)
    )
)]
pub(crate) async fn session_messages(
    State(app): State<App>,
    Admitted(identity): Admitted,
    Id(id): Id<SessionId>,
    mut query: Parameters,
) -> Result<Json<List<SessionMessageBody>>, Problem> {
    let page = query.page(MOST)?;
    query.finish()?;
    let Page { items, next } = app.gateway.session_messages(id, page, &identity.caller).await?;
    Ok(Json(List::part(items.into_iter().map(SessionMessageBody::from).collect(), next)))
}
