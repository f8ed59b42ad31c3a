//! The OpenAPI document, and a page that shows it without scripts.

use std::fmt::Write as _;

use axum::Router;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::IntoResponse;
use axum::routing::get;
use bytes::Bytes;
use serde_json::Value;
use utoipa::openapi::OpenApi;

use crate::server::App;
use crate::web::page;

const STYLE: &str = include_str!("docs.css");
const METHODS: [&str; 3] = ["get", "post", "delete"];

/// `/openapi.json`, `/docs` and its style sheet.
pub(crate) fn routes(document: &OpenApi) -> Router<App> {
    let json = Bytes::from(document.to_json().unwrap_or_default());
    let shown = serde_json::from_slice(&json).unwrap_or(Value::Null);
    let html = Bytes::from(rendered(&shown));
    Router::new()
        .route("/openapi.json", get(async move || file("application/json", json)))
        .route("/docs", get(async move || page(StatusCode::OK, html)))
        .route("/docs.css", get(async || file("text/css; charset=utf-8", STYLE)))
}

fn file(media_type: &'static str, content: impl IntoResponse) -> impl IntoResponse {
    ([(CONTENT_TYPE, media_type), (CACHE_CONTROL, "no-cache")], content)
}

fn rendered(document: &Value) -> String {
    let mut html = String::from(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>API · Countersign</title>\n\
         <link rel=\"stylesheet\" href=\"/docs.css\">\n</head>\n<body>\n<main>\n\
         <h1>Countersign API</h1>\n\
         <p>The same for programs: <a href=\"/openapi.json\">openapi.json</a></p>\n",
    );
    for (path, item) in object(document.pointer("/paths")) {
        for method in METHODS {
            if let Some(operation) = item.get(method) {
                operation_into(&mut html, method, path, operation);
            }
        }
    }
    html.push_str("<h2>Schemas</h2>\n");
    for (name, schema) in object(document.pointer("/components/schemas")) {
        let text = serde_json::to_string_pretty(schema).unwrap_or_default();
        let (name, text) = (escaped(name), escaped(&text));
        push(
            &mut html,
            format_args!(
                "<details id=\"{name}\"><summary>{name}</summary><pre>{text}</pre></details>\n"
            ),
        );
    }
    html.push_str("</main>\n</body>\n</html>\n");
    html
}

fn operation_into(html: &mut String, method: &str, path: &str, operation: &Value) {
    let text = |name: &str| escaped(operation.get(name).and_then(Value::as_str).unwrap_or(""));
    push(
        html,
        format_args!(
            "<details><summary><b>{}</b> <code>{}</code> {}</summary>\n<p>{}</p>\n",
            method.to_uppercase(),
            escaped(path),
            text("summary"),
            text("description"),
        ),
    );
    rows(html, "Parameters", parameters(operation));
    if let Some(schema) = operation.pointer("/requestBody/content/application~1json/schema") {
        rows(html, "Body", vec![(String::new(), described(schema))]);
    }
    rows(html, "Answers", answers(operation));
    rows(html, "Needs one of", needs(operation));
    html.push_str("</details>\n");
}

fn rows(html: &mut String, title: &str, rows: Vec<(String, String)>) {
    if rows.is_empty() {
        return;
    }
    push(html, format_args!("<h3>{title}</h3>\n<dl>\n"));
    for (name, text) in rows {
        push(html, format_args!("<dt>{}</dt><dd>{text}</dd>\n", escaped(&name)));
    }
    html.push_str("</dl>\n");
}

fn parameters(operation: &Value) -> Vec<(String, String)> {
    let list = operation.get("parameters").and_then(Value::as_array);
    let field = |parameter: &Value, name: &str| {
        parameter.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    list.into_iter()
        .flatten()
        .map(|parameter| {
            let place = field(parameter, "in");
            let text = escaped(&field(parameter, "description"));
            (field(parameter, "name"), format!("({place}) {text}"))
        })
        .collect()
}

fn answers(operation: &Value) -> Vec<(String, String)> {
    object(operation.get("responses"))
        .map(|(status, answer)| {
            let text = answer.get("description").and_then(Value::as_str).unwrap_or_default();
            let schema = answer.pointer("/content/application~1json/schema");
            let schema = schema.map(described).unwrap_or_default();
            (status.to_owned(), format!("{} {schema}", escaped(text)))
        })
        .collect()
}

fn needs(operation: &Value) -> Vec<(String, String)> {
    let list = operation.get("security").and_then(Value::as_array);
    let requirements = list.into_iter().flatten();
    requirements
        .flat_map(|requirement| object(Some(requirement)))
        .map(|(scheme, scopes)| {
            let words = scopes.as_array().into_iter().flatten().filter_map(Value::as_str);
            (scheme.to_owned(), escaped(&words.collect::<Vec<_>>().join(", ")))
        })
        .collect()
}

/// A link to a named schema, or the schema itself.
fn described(schema: &Value) -> String {
    let name = schema.get("$ref").and_then(Value::as_str).and_then(|at| at.rsplit('/').next());
    if let Some(name) = name.map(escaped) {
        return format!("<a href=\"#{name}\">{name}</a>");
    }
    let text = serde_json::to_string_pretty(schema).unwrap_or_default();
    format!("<pre>{}</pre>", escaped(&text))
}

fn object(value: Option<&Value>) -> impl Iterator<Item = (&str, &Value)> {
    let map = value.and_then(Value::as_object);
    map.into_iter().flatten().map(|(name, value)| (name.as_str(), value))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// Writing to a text cannot fail.
fn push(html: &mut String, text: std::fmt::Arguments<'_>) {
    if html.write_fmt(text).is_err() {
        tracing::debug!("a text could not be extended");
    }
}
