//! Whether the process lives, and whether it can work.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use tokio::sync::Mutex;
use tokio::time::Instant;
use utoipa::ToSchema;

use crate::problem::Problem;
use crate::server::App;

/// How long an answer of the store stands: the route is open to all, and asking costs a write.
const STANDS: Duration = Duration::from_secs(1);

/// How long the store may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// The last answer of the store.
#[derive(Default)]
pub(crate) struct Readiness(Mutex<Option<(Instant, bool)>>);

/// A gateway that answers.
#[derive(Serialize, ToSchema)]
pub(crate) struct Health {
    /// `ok`.
    #[schema(example = "ok")]
    status: &'static str,
}

/// A gateway that can work.
#[derive(Serialize, ToSchema)]
pub(crate) struct Ready {
    /// `ready`.
    #[schema(example = "ready")]
    status: &'static str,
    /// Whether other nodes are reached: `alone` where none are configured, `connected`, or `lost`. A
    /// node that has lost the bus works on, and looks at the store more often.
    #[schema(example = "connected", pattern = "^(alone|connected|lost)$")]
    bus: &'static str,
}

/// The process lives.
#[utoipa::path(
    get, path = "/health", tag = "health", operation_id = "health",
    responses((status = 200, description = "The process lives.", body = Health))
)]
pub(crate) async fn live() -> Json<Health> {
    Json(Health { status: "ok" })
}

/// The gateway can work and is to be given work: its store reads and writes, and it is not about to
/// stop.
#[utoipa::path(
    get, path = "/health/ready", tag = "health", operation_id = "ready",
    responses(
        (status = 200, description = "The gateway can work.", body = Ready),
        (status = 503, description = "`store_unavailable`; `draining`: it is about to stop", body = crate::problem::ProblemBody)
    )
)]
pub(crate) async fn ready(State(app): State<App>) -> Result<Json<Ready>, Problem> {
    if app.gateway.is_draining() {
        return Err(Problem::draining());
    }
    let mut last = app.readiness.0.lock().await;
    let known = last.filter(|(at, _)| at.elapsed() < STANDS);
    let works = if let Some((_, works)) = known {
        works
    } else {
        let works = works_now(&app).await;
        *last = Some((Instant::now(), works));
        works
    };
    if !works {
        return Err(Problem::store_unavailable());
    }
    Ok(Json(Ready { status: "ready", bus: app.gateway.bus_state().as_str() }))
}

async fn works_now(app: &App) -> bool {
    match tokio::time::timeout(PATIENCE, app.gateway.check_store()).await {
        Ok(Ok(())) => true,
        Ok(Err(error)) => {
            tracing::error!(%error, "the store is not ready");
            false
        }
        Err(_) => {
            tracing::error!("the store does not answer");
            false
        }
    }
}
