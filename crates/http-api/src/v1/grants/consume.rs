//! `POST /v1/grants/consume`

use axum::Json as Answer;
use axum::extract::State;
use countersign_domain::digest::Digest;
use countersign_domain::grants::Grant;
use countersign_domain::ids::SessionId;
use countersign_domain::time::Timestamp;
use countersign_gateway::Presented;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::access::Admitted;
use crate::body::Json;
use crate::headers::NotIdempotent;
use crate::problem::{Problem, ProblemBody};
use crate::server::App;
use crate::v1::to_the_end;

/// A grant to use up, and what its presenter is about to do: what is given must be what the grant
/// says.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ConsumeGrant, example = json!({
    "grant": "v4.public.eyJqdGkiOi…", "tool": "send_message", "destination": "mattermost:4xp9f"
}))]
pub(crate) struct ConsumeBody {
    /// The token.
    grant: String,
    /// The tool that is about to act.
    tool: Option<String>,
    /// Where it goes, in canonical form.
    destination: Option<String>,
    /// SHA-256 of the canonical request.
    #[schema(value_type = Option<String>, pattern = "^sha256:[0-9a-f]{64}$")]
    sha: Option<Digest>,
    /// In which conversation.
    #[schema(value_type = Option<String>)]
    session_id: Option<SessionId>,
}

/// A grant that is used up now.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ConsumedGrant)]
pub(crate) struct ConsumedBody {
    object: &'static str,
    /// When it was used up: now.
    #[schema(value_type = String, format = DateTime)]
    used_at: Timestamp,
    /// What it says.
    #[schema(value_type = Object)]
    claims: Grant,
}

/// Use a grant up.
///
/// Whoever carries out an action verifies its grant and then calls this. When the answer is 200,
/// the caller and nobody else may carry the action out, once, and it counts among what its
/// destination gets within an hour. A repeated request is answered with `grant_used`, so
/// `Idempotency-Key` is refused here.
#[utoipa::path(
    post, path = "/v1/grants/consume", tag = "grants", operation_id = "consumeGrant",
    request_body = ConsumeBody,
    responses(
        (status = 200, description = "The grant is used up.", body = ConsumedBody),
        (status = 400, description = "`grant_missing`, `grant_malformed`", body = ProblemBody),
        (status = 403, description = "`grant_signature`", body = ProblemBody),
        (status = 409, description = "`grant_used`, `grant_wrong_tool`, `grant_wrong_destination`, \
            `grant_wrong_session`, `grant_content_changed`", body = ProblemBody),
        (status = 410, description = "`grant_expired`, `grant_revoked`", body = ProblemBody),
        (status = 429, description = "`rate_limited`: as much as `outbound.max_per_hour` allows has \
            gone there, or this key has made too many requests", body = ProblemBody)
    )
)]
pub(crate) async fn consume_grant(
    State(app): State<App>,
    Admitted(identity): Admitted,
    NotIdempotent: NotIdempotent,
    body: Json<ConsumeBody>,
) -> Result<Answer<ConsumedBody>, Problem> {
    let ConsumeBody { grant, tool, destination, sha, session_id } = body.value;
    let presented = Presented { grant, tool, destination, content: sha, session: session_id };
    let gateway = app.gateway.clone();
    let consuming =
        to_the_end(async move { gateway.consume_grant(&presented, &identity.caller).await });
    let (claims, used_at) = consuming.await?;
    Ok(Answer(ConsumedBody { object: "grant", used_at, claims }))
}
