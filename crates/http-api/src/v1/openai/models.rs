//! `GET /v1/models` and `GET /v1/models/{model}`

use std::convert::Infallible;
use std::str::FromStr;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::access::Admitted;
use crate::path::{Id, Named};
use crate::problem::{Problem, ProblemBody};
use crate::server::App;
use crate::v1::List;

/// Names that mean the configured model, whatever it is: clients must name one.
const SAME: [&str; 2] = ["countersign", "hermes-agent"];

/// A model that runs can be asked of.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Model)]
pub(crate) struct ModelBody {
    #[schema(example = "countersign")]
    id: String,
    #[schema(example = "model")]
    object: &'static str,
    /// Always 0: models are configured, not made.
    created: u64,
    #[schema(example = "countersign")]
    owned_by: &'static str,
}

/// The name of a model in an address.
pub(crate) struct ModelName(String);

impl FromStr for ModelName {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Self(text.to_owned()))
    }
}

impl Named for ModelName {
    const WHAT: &'static str = "model";
    const NOT_FOUND: &'static str = "model_not_found";
}

/// List the models.
///
/// The configured one by its own name, `countersign`, which always means it, and those that stand in for
/// it when it does not answer.
#[utoipa::path(
    get, path = "/v1/models", tag = "openai", operation_id = "listModels",
    responses((status = 200, description = "The models.", body = List<ModelBody>))
)]
pub(crate) async fn list_models(
    State(app): State<App>,
    Admitted(_): Admitted,
) -> Json<List<ModelBody>> {
    let settings = app.gateway.settings();
    let fallbacks = settings.fallbacks.iter().map(String::as_str);
    let mut names: Vec<&str> = Vec::new();
    for name in [settings.model.as_str(), SAME[0]].into_iter().chain(fallbacks) {
        if !name.is_empty() && !names.contains(&name) {
            names.push(name);
        }
    }
    Json(List::whole(names.into_iter().map(model).collect()))
}

/// Read a model.
#[utoipa::path(
    get, path = "/v1/models/{model}", tag = "openai", operation_id = "readModel",
    params(("model" = String, Path, example = "countersign")),
    responses(
        (status = 200, description = "The model.", body = ModelBody),
        (status = 404, description = "`model_not_found`", body = ProblemBody)
    )
)]
pub(crate) async fn read_model(
    State(app): State<App>,
    Admitted(_): Admitted,
    Id(ModelName(name)): Id<ModelName>,
) -> Result<Json<ModelBody>, Problem> {
    known(&app, &name)?;
    Ok(Json(model(&name)))
}

/// Nothing if `name` is one of the models' names.
pub(super) fn known(app: &App, name: &str) -> Result<(), Problem> {
    let settings = app.gateway.settings();
    let configured = settings.fallbacks.iter().chain([&settings.model]);
    if SAME.contains(&name) || configured.into_iter().any(|known| known == name) {
        return Ok(());
    }
    let message = "there is no such model; `GET /v1/models` lists those that are there";
    Err(Problem::missing("model_not_found", message))
}

/// The name that an answer gives its model: the one that was asked for.
pub(super) fn named(app: &App, asked: Option<String>) -> Result<String, Problem> {
    let Some(asked) = asked else {
        return Ok(app.gateway.settings().model.clone());
    };
    known(app, &asked).map_err(|problem| problem.about("/model"))?;
    Ok(asked)
}

fn model(name: &str) -> ModelBody {
    ModelBody { id: name.to_owned(), object: "model", created: 0, owned_by: "countersign" }
}
