//! `GET /web/session`

use axum::Json;
use axum::extract::State;
use countersign_domain::identity::Principal;
use countersign_domain::time::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::access::Admitted;
use crate::problem::Problem;
use crate::server::App;

/// Who is signed in, and what the page needs to know.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WebSession)]
pub(crate) struct SessionBody {
    #[schema(value_type = String, example = "operator")]
    principal: Principal,
    /// What every changing request repeats in `X-CSRF-Token`.
    csrf_token: String,
    /// Until when the sign-in is good.
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Timestamp>,
    gateway: AboutBody,
}

/// This gateway.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = About)]
pub(crate) struct AboutBody {
    version: String,
    model: String,
    /// Whether the built-in rehearsal model plays its part.
    rehearsal: bool,
    /// What to do to get a real one.
    hint: Option<String>,
}

/// Read the sign-in of the page.
#[utoipa::path(
    get, path = "/web/session", tag = "web", operation_id = "webSession",
    responses((status = 200, description = "Somebody is signed in.", body = SessionBody))
)]
pub(crate) async fn web_session(
    State(app): State<App>,
    Admitted(identity): Admitted,
) -> Result<Json<SessionBody>, Problem> {
    let csrf_token = identity
        .csrf
        .ok_or_else(|| Problem::unauthenticated("this route is for the web page's own cookie"))?;
    let about = app.about.clone();
    Ok(Json(SessionBody {
        principal: identity.caller.principal,
        csrf_token,
        expires_at: identity.expires_at,
        gateway: AboutBody {
            version: about.version,
            model: about.model,
            rehearsal: about.rehearsal,
            hint: about.hint,
        },
    }))
}
