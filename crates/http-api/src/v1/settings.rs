//! `GET /v1/settings`

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::problem::Problem;
use crate::query::Parameters;
use crate::server::App;
use crate::settings_view::{Setting, SettingSource, SettingValue};

/// The configuration in force.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Settings)]
pub(crate) struct SettingsBody {
    #[schema(example = "settings")]
    object: &'static str,
    /// The file that it was read from.
    #[schema(example = "/home/ada/.countersign/config.yaml")]
    file: String,
    /// Every value, defaults included, by key.
    data: Vec<SettingBody>,
}

/// One value of the configuration.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Setting)]
pub(crate) struct SettingBody {
    #[schema(example = "approvals.timeout")]
    key: String,
    /// What it is; `null` where nothing is set, and for secrets.
    #[schema(value_type = Value, example = "15m")]
    value: Value,
    /// Whether it is a secret, which is never shown.
    secret: bool,
    /// Whether something is set, which `value` does not say of a secret.
    set: bool,
    #[schema(inline)]
    source: SourceWord,
    /// Where exactly: the line of the file, the argument, the variables.
    #[schema(example = "line 12")]
    place: Option<String>,
}

/// Where a value comes from.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum SourceWord {
    Default,
    File,
    Argument,
    Environment,
}

/// Read the configuration in force.
///
/// With where each value comes from: the file, an argument of the command line, the environment, or
/// nobody. Secrets are not in it. It is changed in the file and by `countersign config set`.
#[utoipa::path(
    get, path = "/v1/settings", tag = "settings", operation_id = "readSettings",
    responses((status = 200, description = "All of it.", body = SettingsBody))
)]
pub(crate) async fn read_settings(
    State(app): State<App>,
    query: Parameters,
) -> Result<Json<SettingsBody>, Problem> {
    query.finish()?;
    let view = app.settings.clone();
    let data = view.settings.into_iter().map(SettingBody::from).collect();
    Ok(Json(SettingsBody { object: "settings", file: view.file, data }))
}

impl From<Setting> for SettingBody {
    fn from(Setting { key, value, source }: Setting) -> Self {
        let (value, secret, set) = match value {
            SettingValue::Shown(value) => {
                let set = !value.is_null();
                (value, false, set)
            }
            SettingValue::SecretSet => (Value::Null, true, true),
            SettingValue::SecretUnset => (Value::Null, true, false),
        };
        let (source, place) = match source {
            SettingSource::Default => (SourceWord::Default, None),
            SettingSource::File(line) => {
                (SourceWord::File, line.map(|line| format!("line {line}")))
            }
            SettingSource::Argument(argument) => (SourceWord::Argument, Some(argument)),
            SettingSource::Environment(names) => (SourceWord::Environment, Some(names)),
        };
        Self { key, value, secret, set, source, place }
    }
}
