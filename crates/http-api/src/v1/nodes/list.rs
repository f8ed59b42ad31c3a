//! `GET /v1/nodes`

use axum::Json;
use axum::extract::State;

use super::wire::NodeBody;
use crate::access::Admitted;
use crate::problem::Problem;
use crate::query::Parameters;
use crate::server::App;
use crate::v1::List;

/// List the nodes that are at work on this store, oldest first.
#[utoipa::path(
    get, path = "/v1/nodes", tag = "nodes", operation_id = "listNodes",
    responses((status = 200, description = "All of them.", body = List<NodeBody>))
)]
pub(crate) async fn list_nodes(
    State(app): State<App>,
    Admitted(identity): Admitted,
    query: Parameters,
) -> Result<Json<List<NodeBody>>, Problem> {
    query.finish()?;
    let nodes = app.gateway.nodes(&identity.caller).await?;
    Ok(Json(List::whole(nodes.into_iter().map(NodeBody::from).collect())))
}
