//! `GET /v1/whatsapp/pairing`

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use countersign_domain::time::Timestamp;
use countersign_gateway::PairBridgeError;
use countersign_ports::bridge_link::{LinkCode, LinkState, LinkedAccount, PairError};
use serde::Serialize;
use utoipa::ToSchema;

use crate::access::Admitted;
use crate::problem::{Problem, ProblemBody};
use crate::query::Parameters;
use crate::server::App;

/// How linking the bridge to an account stands.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BridgePairing, example = json!({
    "object": "whatsapp.pairing", "state": "linked", "account": {"number": "+34600111222", "name": "Ana"},
    "code": null, "why": null
}))]
pub(crate) struct PairingBody {
    #[schema(example = "whatsapp.pairing")]
    object: &'static str,
    /// `linked`, `code` (scan it), or `waiting` (there is no code yet: ask again).
    #[schema(example = "linked")]
    state: &'static str,
    /// Whose account is linked.
    account: Option<LinkedBody>,
    /// What the phone scans. Whoever has it has the account.
    code: Option<CodeBody>,
    /// What is in the way.
    why: Option<String>,
}

/// Whose account is linked.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LinkedAccount)]
pub(crate) struct LinkedBody {
    #[schema(example = "+34600111222")]
    number: Option<String>,
    /// The name that they have given themselves.
    #[schema(example = "Ana")]
    name: Option<String>,
}

/// A code that links an account, drawn twice.
#[derive(Serialize, ToSchema)]
#[schema(as = LinkCode)]
pub(crate) struct CodeBody {
    /// For a page.
    svg: String,
    /// For a terminal: blocks are dark.
    text: String,
    /// Until when it is good; the next one comes by asking again.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
}

impl std::fmt::Debug for CodeBody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CodeBody").field("expires_at", &self.expires_at).finish_non_exhaustive()
    }
}

/// Show how linking the bridge to an account stands, with the code to scan.
///
/// The code is a credential: nothing keeps the answer, and the audit log says who was shown one.
#[utoipa::path(
    get, path = "/v1/whatsapp/pairing", tag = "whatsapp", operation_id = "pairBridge",
    responses(
        (status = 200, description = "How it stands.", body = PairingBody),
        (status = 409, description = "`no_bridge`, `terms_not_accepted`", body = ProblemBody),
        (status = 502, description = "`bridge_unavailable`", body = ProblemBody)
    )
)]
pub(crate) async fn bridge_pairing(
    State(app): State<App>,
    Admitted(identity): Admitted,
    query: Parameters,
) -> Result<Json<PairingBody>, Problem> {
    query.finish()?;
    Ok(Json(app.gateway.bridge_pairing(&identity.caller).await?.into()))
}

impl From<LinkState> for PairingBody {
    fn from(state: LinkState) -> Self {
        let (word, account, code, why) = match state {
            LinkState::Linked(LinkedAccount { number, name }) => {
                ("linked", Some(LinkedBody { number, name }), None, None)
            }
            LinkState::Code(LinkCode { svg, text, expires_at }) => {
                ("code", None, Some(CodeBody { svg, text, expires_at }), None)
            }
            LinkState::Waiting { why } => ("waiting", None, None, why),
        };
        Self { object: "whatsapp.pairing", state: word, account, code, why }
    }
}

impl From<PairBridgeError> for Problem {
    fn from(error: PairBridgeError) -> Self {
        match error {
            PairBridgeError::Forbidden(error) => error.into(),
            PairBridgeError::Pair(PairError::Bridge(error)) => error.into(),
            PairBridgeError::Pair(error @ PairError::Terms(_)) => {
                Self::new(StatusCode::CONFLICT, "terms_not_accepted", error.to_string())
            }
            PairBridgeError::Store(error) => error.into(),
        }
    }
}
