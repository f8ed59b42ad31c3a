//! The configuration in force for people to read: every value with where it comes from, no secret.

use countersign_domain::redaction::Redactor;
use countersign_http_api::{Setting, SettingSource, SettingValue, SettingsView};
use serde_json::{Map, Value};

use super::document::Origin;
use super::problem::is_secret;
use super::{Loaded, write_key};
use crate::environment::{API_SERVER_KEY, Environment};

/// What [`in_force`] is made from.
struct Reading<'a> {
    loaded: &'a Loaded,
    environment: &'a Environment,
    redactor: &'a Redactor,
    found: Vec<Setting>,
}

/// Every value of `loaded`, defaults included. What `redactor` knows is masked wherever it stands.
pub(crate) fn in_force(
    loaded: &Loaded,
    environment: &Environment,
    redactor: &Redactor,
) -> SettingsView {
    let all = serde_json::to_value(&loaded.config).unwrap_or_default();
    let mut reading = Reading { loaded, environment, redactor, found: Vec::new() };
    reading.walk(&all, &mut Vec::new());
    reading.found.sort_by(|a, b| a.key.cmp(&b.key));
    reading.found.push(Setting {
        key: API_SERVER_KEY.to_owned(),
        value: secret(environment.api_server_key().is_some()),
        source: match environment.api_server_key() {
            Some(_) => SettingSource::Environment(API_SERVER_KEY.to_owned()),
            None => SettingSource::Default,
        },
    });
    SettingsView { file: loaded.file().display().to_string(), settings: reading.found }
}

impl Reading<'_> {
    fn walk(&mut self, value: &Value, path: &mut Vec<String>) {
        match value {
            Value::Object(entries) if !entries.is_empty() => {
                for (key, value) in entries {
                    path.push(key.clone());
                    self.walk(value, path);
                    path.pop();
                }
            }
            Value::Object(_)
            | Value::Array(_)
            | Value::String(_)
            | Value::Number(_)
            | Value::Bool(_)
            | Value::Null => {
                let (value, source) = (self.shown(value, path), self.source(value, path));
                self.found.push(Setting { key: write_key(path), value, source });
            }
        }
    }

    fn shown(&self, value: &Value, path: &[String]) -> SettingValue {
        if is_secret(path) {
            return secret(!value.is_null());
        }
        SettingValue::Shown(self.masked(value, &mut path.to_vec()))
    }

    /// Lists may hold mappings, and those secrets.
    fn masked(&self, value: &Value, path: &mut Vec<String>) -> Value {
        match value {
            Value::String(_) if is_secret(path) => "(secret)".into(),
            Value::String(text) => self.redactor.redact(text).into_owned().into(),
            Value::Array(items) => items.iter().map(|item| self.masked(item, path)).collect(),
            Value::Object(entries) => {
                let masked = entries.iter().map(|(key, value)| {
                    path.push(key.clone());
                    let masked = self.masked(value, path);
                    path.pop();
                    (key.clone(), masked)
                });
                Value::Object(masked.collect::<Map<_, _>>())
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
        }
    }

    fn source(&self, value: &Value, path: &[String]) -> SettingSource {
        let Some(node) = self.loaded.written().at(path) else {
            return SettingSource::Default;
        };
        if let Some(variables) = self.variables(value, path) {
            return SettingSource::Environment(variables);
        }
        match &node.origin {
            Origin::Line(0) => SettingSource::File(None),
            Origin::Line(line) => SettingSource::File(Some(*line)),
            // What is behind the key may hold a secret, also where the key is a whole section's.
            Origin::Argument(argument) if argument.starts_with("--set ") => {
                let key = argument.split('=').next().unwrap_or_default();
                SettingSource::Argument(key.to_owned())
            }
            Origin::Argument(argument) => SettingSource::Argument(argument.clone()),
        }
    }

    /// The variables that a value is made from: those in `${…}`, and the one that a key such as
    /// `model.api_key_env` names.
    fn variables(&self, value: &Value, path: &[String]) -> Option<String> {
        let text = value.as_str()?;
        let mut names: Vec<&str> =
            text.split("${").skip(1).filter_map(|rest| Some(rest.split_once('}')?.0)).collect();
        if path.last().is_some_and(|last| last.ends_with("_env")) {
            names.push(text);
        }
        let told = names.into_iter().map(|name| {
            let state = if self.environment.get(name).is_some() { "set" } else { "not set" };
            format!("{name} is {state}")
        });
        let told: Vec<String> = told.collect();
        (!told.is_empty()).then(|| told.join(", "))
    }
}

const fn secret(is_set: bool) -> SettingValue {
    if is_set { SettingValue::SecretSet } else { SettingValue::SecretUnset }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use serde_json::json;

    use super::*;
    use crate::config::{Override, read_text};

    const FILE: &str = "approvals:\n  timeout: 30m\nmodel:\n  provider: openai\n  api_key: hunter2hunter2\n  base_url: https://u:known-password@example.org\n  headers: { x-key: hunter3hunter3 }\nstore:\n  url: postgres://a:${DB_PASSWORD}@db/x\nbus:\n  password_env: BUS_PASSWORD\n";

    fn view(arguments: &[&str]) -> SettingsView {
        let overrides: Vec<Override> =
            arguments.iter().map(|pair| Override::parse(pair).unwrap()).collect();
        let loaded = read_text(Path::new("c.yaml"), FILE, &overrides).unwrap();
        let environment = Environment::of([("DB_PASSWORD", "x"), (API_SERVER_KEY, "y")]);
        in_force(&loaded, &environment, &Redactor::new(["known-password".to_owned()]))
    }

    fn one(view: &SettingsView, key: &str) -> (SettingValue, SettingSource) {
        let found = view.settings.iter().find(|one| one.key == key);
        let found = found.unwrap_or_else(|| panic!("no {key}"));
        (found.value.clone(), found.source.clone())
    }

    #[test]
    fn every_value_says_where_it_comes_from() {
        let view = view(&["runs.max_working=3", "model={provider: openai, api_key: argued}"]);
        assert_eq!(view.file, "c.yaml");
        let shown = |value: Value| SettingValue::Shown(value);
        assert_eq!(
            one(&view, "approvals.timeout"),
            (shown(json!("30m")), SettingSource::File(Some(2)))
        );
        assert_eq!(one(&view, "approvals.mode"), (shown(json!("manual")), SettingSource::Default));
        assert_eq!(
            one(&view, "runs.max_working"),
            (shown(json!(3)), SettingSource::Argument("--set runs.max_working".to_owned()))
        );
        assert_eq!(
            one(&view, "model.api_key"),
            (SettingValue::SecretSet, SettingSource::Argument("--set model".to_owned()))
        );
        assert_eq!(
            one(&view, "store.url"),
            (SettingValue::SecretSet, SettingSource::Environment("DB_PASSWORD is set".to_owned()))
        );
        assert_eq!(
            one(&view, "bus.password_env").1,
            SettingSource::Environment("BUS_PASSWORD is not set".to_owned())
        );
        assert_eq!(
            one(&view, API_SERVER_KEY),
            (SettingValue::SecretSet, SettingSource::Environment(API_SERVER_KEY.to_owned()))
        );
    }

    #[test]
    fn no_secret_is_in_it() {
        for arguments in [[].as_slice(), &["model={provider: openai, api_key: argued-secret}"]] {
            let view = format!("{:?}", view(arguments));
            for secret in ["hunter2", "hunter3", "known-password", "argued-secret"] {
                assert!(!view.contains(secret), "{secret} in {view}");
            }
        }
    }
}
