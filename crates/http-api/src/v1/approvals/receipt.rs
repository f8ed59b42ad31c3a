//! `GET /v1/approvals/{approval_id}/receipt`

use axum::Json;
use axum::extract::State;
use countersign_domain::audit::receipt::Receipt;
use countersign_domain::ids::ApprovalId;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::access::Admitted;
use crate::path::Id;
use crate::problem::{Problem, ProblemBody};
use crate::query::Parameters;
use crate::server::App;
use crate::v1::to_the_end;

/// Read the receipt of a decision.
///
/// It proves offline, with the public key from `/.well-known/countersign-keys.json` alone, that
/// this decision stands in the audit log: keep it as it is and check it with
/// `countersign audit verify-receipt`. If no checkpoint covers the decision yet, one is made.
#[utoipa::path(
    get, path = "/v1/approvals/{approval_id}/receipt", tag = "approvals",
    operation_id = "readReceipt",
    params(
        ("approval_id" = String, Path, pattern = "^appr_[0-9a-f]{32}$",
        example = "appr_0198c0de00007000800000000000000c")
    ),
    responses(
        (status = 200, description = "The receipt.", body = ReceiptBody),
        (status = 404, description = "`approval_not_found`", body = ProblemBody),
        (status = 409, description = "`not_decided`: nobody has decided; `unproven`: the audit log \
                                      does not bear out the decision", body = ProblemBody),
        (status = 503, description = "`signer_unavailable`", body = ProblemBody)
    )
)]
pub(crate) async fn read_receipt(
    State(app): State<App>,
    Admitted(identity): Admitted,
    Id(id): Id<ApprovalId>,
    query: Parameters,
) -> Result<Json<ReceiptBody>, Problem> {
    query.finish()?;
    let gateway = app.gateway.clone();
    let made = to_the_end(async move { gateway.receipt(id, &identity.caller).await });
    Ok(Json(ReceiptBody(made.await?)))
}

/// A decision and the proof that the audit log holds it.
#[derive(Debug, Serialize)]
pub(crate) struct ReceiptBody(Receipt);

/// How [`ReceiptBody`] is described; the fields themselves are the domain's.
#[derive(ToSchema)]
#[schema(as = Receipt)]
#[expect(dead_code, reason = "only described, never made")]
struct Described {
    /// The version of this format.
    #[schema(example = 1)]
    receipt: u64,
    approval_id: String,
    /// SHA-256 of exactly what was to run.
    digest: String,
    /// SHA-256 of the canonical JSON of the card that was shown.
    card_digest: Option<String>,
    #[schema(example = "once")]
    choice: String,
    reason: Option<String>,
    #[schema(example = "operator")]
    decided_by: String,
    decided_at: String,
    /// The rule that the decision left behind.
    rule_id: Option<String>,
    /// The grant that it led to.
    grant_id: Option<String>,
    /// The decision's record of the audit log, in its place.
    #[schema(value_type = Object)]
    record: Value,
    /// `index`, `size` and `path` (RFC 6962): from the record's hash to the checkpoint's root.
    #[schema(value_type = Object)]
    proof: Value,
    /// What the gateway has signed: `at`, `from`, `hash`, `root`, `seq`, and the same as `token`.
    #[schema(value_type = Object)]
    checkpoint: Value,
}

impl utoipa::PartialSchema for ReceiptBody {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        Described::schema()
    }
}

impl ToSchema for ReceiptBody {
    fn name() -> std::borrow::Cow<'static, str> {
        Described::name()
    }
}
