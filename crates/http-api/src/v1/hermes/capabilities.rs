//! `GET /v1/capabilities`

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::access::Admitted;
use crate::server::App;

/// What is here, as clients of the reference system ask for it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Capabilities)]
pub(crate) struct CapabilitiesBody {
    #[schema(example = "hermes.api_server.capabilities")]
    object: &'static str,
    #[schema(example = "hermes-agent")]
    platform: &'static str,
    /// The model that answers.
    model: String,
    auth: AuthBody,
    runtime: RuntimeBody,
    /// What can be done, by name: true or false, or the name of a header.
    #[schema(value_type = BTreeMap<String, serde_json::Value>)]
    features: BTreeMap<&'static str, Feature>,
    /// Where, by name.
    #[schema(value_type = BTreeMap<String, EndpointBody>)]
    endpoints: BTreeMap<&'static str, EndpointBody>,
}

/// How callers prove themselves.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CapabilitiesAuth)]
pub(crate) struct AuthBody {
    #[schema(example = "bearer")]
    r#type: &'static str,
    required: bool,
}

/// Where tools run.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CapabilitiesRuntime)]
pub(crate) struct RuntimeBody {
    #[schema(example = "server_agent")]
    mode: &'static str,
    #[schema(example = "server")]
    tool_execution: &'static str,
    split_runtime: bool,
    description: &'static str,
}

/// One address.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CapabilitiesEndpoint)]
pub(crate) struct EndpointBody {
    #[schema(example = "GET")]
    method: &'static str,
    #[schema(example = "/v1/models")]
    path: &'static str,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Feature {
    Is(bool),
    Header(&'static str),
}

/// What the reference system names and is here.
const THERE: [&str; 11] = [
    "chat_completions",
    "chat_completions_streaming",
    "responses_api",
    "responses_streaming",
    "run_submission",
    "run_status",
    "run_events_sse",
    "run_stop",
    "run_approval_response",
    "tool_progress_events",
    "approval_events",
];

/// What it names and is not here, or not in its form.
const ABSENT: [&str; 10] = [
    "session_resources",
    "session_chat",
    "session_chat_streaming",
    "session_fork",
    "admin_config_rw",
    "jobs_admin",
    "memory_write_api",
    "audio_api",
    "realtime_voice",
    "skills_api",
];

const ENDPOINTS: [(&str, &str, &str); 10] = [
    ("health", "GET", "/health"),
    ("health_detailed", "GET", "/health/ready"),
    ("models", "GET", "/v1/models"),
    ("chat_completions", "POST", "/v1/chat/completions"),
    ("responses", "POST", "/v1/responses"),
    ("runs", "POST", "/v1/runs"),
    ("run_status", "GET", "/v1/runs/{run_id}"),
    ("run_events", "GET", "/v1/runs/{run_id}/events"),
    ("run_approval", "POST", "/v1/runs/{run_id}/approval"),
    ("run_stop", "POST", "/v1/runs/{run_id}/stop"),
];

/// Read what is here.
///
/// In the form of the reference system, for its clients.
#[utoipa::path(
    get, path = "/v1/capabilities", tag = "hermes", operation_id = "readCapabilities",
    responses((status = 200, description = "What is here.", body = CapabilitiesBody))
)]
pub(crate) async fn capabilities(
    State(app): State<App>,
    Admitted(_): Admitted,
) -> Json<CapabilitiesBody> {
    let there = THERE.map(|name| (name, Feature::Is(true)));
    let absent = ABSENT.map(|name| (name, Feature::Is(false)));
    let others = [
        ("session_continuity_header", Feature::Header("X-Hermes-Session-Id")),
        ("session_key_header", Feature::Header("X-Hermes-Session-Key")),
        ("cors", Feature::Is(!app.config.cors_origins.is_empty())),
    ];
    let endpoints = ENDPOINTS.map(|(name, method, path)| (name, EndpointBody { method, path }));
    Json(CapabilitiesBody {
        object: "hermes.api_server.capabilities",
        platform: "hermes-agent",
        model: app.gateway.settings().model.clone(),
        auth: AuthBody { r#type: "bearer", required: true },
        runtime: RuntimeBody {
            mode: "server_agent",
            tool_execution: "server",
            split_runtime: false,
            description: "The agent runs here with its own tools; people approve what is dangerous.",
        },
        features: there.into_iter().chain(absent).chain(others).collect(),
        endpoints: endpoints.into_iter().collect(),
    })
}
