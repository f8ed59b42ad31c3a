//! Attachments of a post and the buttons in them.
//!
//! The server reads attachments into types of its own whenever it stores or shows a post: fields
//! that it does not know are dropped, fields that are missing come back empty, and what cannot be
//! read is left out without a word.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::ids;

/// The prop that holds them.
pub(crate) const PROP: &str = "attachments";

/// The prop that says what buttons of the newer kind do. The server keeps it and shows it to
/// nobody; such buttons lead nowhere here.
const BLOCK_ACTIONS: &str = "mm_blocks_actions";

/// Text fields of an attachment, in the order of the wire.
const TEXTS: [&str; 13] = [
    "fallback",
    "color",
    "pretext",
    "author_name",
    "author_link",
    "author_icon",
    "title",
    "title_link",
    "text",
    "image_url",
    "thumb_url",
    "footer",
    "footer_icon",
];

/// Text fields of an action.
const ACTION_TEXTS: [&str; 8] =
    ["id", "type", "name", "tooltip", "style", "data_source", "default_option", "cookie"];

/// All actions, in order.
pub(crate) fn actions(props: &Map<String, Value>) -> impl Iterator<Item = &Value> {
    list(props.get(PROP)).flat_map(|attachment| list(attachment.get("actions")))
}

fn list(value: Option<&Value>) -> impl Iterator<Item = &Value> {
    value.and_then(Value::as_array).into_iter().flatten()
}

/// The props as they are stored: attachments as the server understands them, every action with an
/// id.
pub(crate) fn settled(mut props: Map<String, Value>) -> Map<String, Value> {
    if let Some(raw) = props.get(PROP) {
        let read: Vec<Value> =
            raw.as_array().into_iter().flatten().filter_map(read_attachment).collect();
        let read = if read.is_empty() { Value::Null } else { Value::Array(read) };
        props.insert(PROP.to_owned(), read);
    }
    each_action(&mut props, |action| {
        let nameless = action.get("id").and_then(Value::as_str).is_none_or(str::is_empty);
        if nameless {
            action.insert("id".to_owned(), Value::String(ids::fresh()));
        }
    });
    props
}

/// The props as clients see them.
pub(crate) fn without_integrations(props: &Map<String, Value>) -> Map<String, Value> {
    let mut shown = props.clone();
    if shown.get(BLOCK_ACTIONS).is_some_and(|actions| !actions.is_string() && !actions.is_null()) {
        shown.remove(BLOCK_ACTIONS);
    }
    each_action(&mut shown, |action| {
        action.remove("integration");
    });
    shown
}

/// Does something to every action.
pub(crate) fn each_action(
    props: &mut Map<String, Value>,
    mut change: impl FnMut(&mut Map<String, Value>),
) {
    let attachments = props.get_mut(PROP).and_then(Value::as_array_mut);
    for attachment in attachments.into_iter().flatten() {
        let actions = attachment.get_mut("actions").and_then(Value::as_array_mut);
        for action in actions.into_iter().flatten().filter_map(Value::as_object_mut) {
            change(action);
        }
    }
}

fn read_attachment(raw: &Value) -> Option<Value> {
    let nothing = Map::new();
    let raw = if raw.is_null() { &nothing } else { raw.as_object()? };
    let mut read = Map::new();
    read.insert("id".to_owned(), json!(raw.get("id").and_then(Value::as_i64).unwrap_or(0)));
    for name in TEXTS {
        read.insert(name.to_owned(), json!(text(raw, name)?));
    }
    read.insert("fields".to_owned(), read_list(raw, "fields", read_field)?);
    read.insert("ts".to_owned(), raw.get("ts").cloned().unwrap_or(Value::Null));
    if let Value::Array(actions) = read_list(raw, "actions", read_action)?
        && !actions.is_empty()
    {
        read.insert("actions".to_owned(), Value::Array(actions));
    }
    Some(Value::Object(read))
}

/// A text that may be missing; `None` if something else is there.
fn text<'r>(raw: &'r Map<String, Value>, name: &str) -> Option<&'r str> {
    match raw.get(name) {
        None | Some(Value::Null) => Some(""),
        Some(value) => value.as_str(),
    }
}

fn read_list(
    raw: &Map<String, Value>,
    name: &str,
    read: impl Fn(&Value) -> Option<Value>,
) -> Option<Value> {
    match raw.get(name) {
        None | Some(Value::Null) => Some(Value::Null),
        Some(Value::Array(items)) => {
            let items = items.iter().filter(|item| !item.is_null());
            items.map(read).collect::<Option<Vec<_>>>().map(Value::Array)
        }
        Some(_) => None,
    }
}

fn read_field(raw: &Value) -> Option<Value> {
    let raw = raw.as_object()?;
    let value = match raw.get("value") {
        None | Some(Value::Null) => Value::Null,
        Some(Value::String(value)) => json!(value),
        Some(other) => json!(other.to_string()),
    };
    let short = raw.get("short").and_then(Value::as_bool).unwrap_or(false);
    Some(json!({"title": text(raw, "title")?, "value": value, "short": short}))
}

fn read_action(raw: &Value) -> Option<Value> {
    let raw = raw.as_object()?;
    let mut read = Map::new();
    for name in ACTION_TEXTS {
        let value = text(raw, name)?;
        if !value.is_empty() {
            read.insert(name.to_owned(), json!(value));
        }
    }
    if raw.get("disabled").and_then(Value::as_bool) == Some(true) {
        read.insert("disabled".to_owned(), Value::Bool(true));
    }
    if let Some(options) = raw.get("options").filter(|options| options.is_array()) {
        read.insert("options".to_owned(), options.clone());
    }
    if let Some(integration) = raw.get("integration").and_then(Value::as_object) {
        read.insert("integration".to_owned(), read_integration(integration)?);
    }
    Some(Value::Object(read))
}

fn read_integration(raw: &Map<String, Value>) -> Option<Value> {
    let mut read = Map::new();
    let url = text(raw, "url")?;
    if !url.is_empty() {
        read.insert("url".to_owned(), json!(url));
    }
    let context = raw.get("context").and_then(Value::as_object);
    if let Some(context) = context.filter(|context| !context.is_empty()) {
        // The server keeps no order of keys: they come back sorted.
        let sorted: BTreeMap<String, Value> =
            context.iter().map(|(key, value)| (key.clone(), as_float(value))).collect();
        read.insert("context".to_owned(), Value::Object(sorted.into_iter().collect()));
    }
    Some(Value::Object(read))
}

/// The server keeps numbers as 64-bit floats, so that large integers lose their last digits.
fn as_float(value: &Value) -> Value {
    match value {
        Value::Number(number) => number.as_f64().map_or(Value::Null, whole_or_float),
        Value::Array(items) => Value::Array(items.iter().map(as_float).collect()),
        Value::Object(fields) => Value::Object(
            fields.iter().map(|(key, value)| (key.clone(), as_float(value))).collect(),
        ),
        Value::Null | Value::Bool(_) | Value::String(_) => value.clone(),
    }
}

fn whole_or_float(number: f64) -> Value {
    let text = format!("{number}");
    text.parse::<i64>().map_or_else(|_| json!(number), Value::from)
}
