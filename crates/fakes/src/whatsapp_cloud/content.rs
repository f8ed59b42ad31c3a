//! What a message may be, as it is documented.

use std::collections::BTreeSet;

use serde_json::Value;

use super::refusal::Refusal;
use super::strict::Object;

/// The longest text, and body of a list.
const TEXT: usize = 4096;

/// What a message says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// A text.
    Text(String),
    /// A text with a list below it.
    List {
        /// The text.
        body: String,
        /// What opens the list.
        button: String,
        /// What can be tapped.
        rows: Vec<Row>,
    },
    /// A text with buttons below it.
    Buttons {
        /// The text.
        body: String,
        /// What can be tapped.
        rows: Vec<Row>,
    },
    /// A template that was approved.
    Template(String),
    /// A file that was uploaded before.
    Media {
        /// What it is, such as `image`.
        kind: String,
        /// Its id.
        id: String,
        /// What a document is called.
        name: Option<String>,
        /// The text below it.
        caption: Option<String>,
    },
}

/// Something that can be tapped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// What comes back.
    pub id: String,
    /// What people read.
    pub title: String,
    /// What they read below it.
    pub description: Option<String>,
}

/// A message as a request describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Outgoing {
    /// The number, in digits, or the id of somebody who hides it.
    pub(super) to: String,
    pub(super) reply_to: Option<String>,
    pub(super) callback_data: Option<String>,
    pub(super) content: Content,
}

/// A request of `POST …/messages`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Wanted {
    /// A message goes out.
    Send(Box<Outgoing>),
    /// A message that came in is marked as read.
    Read {
        id: String,
        /// And it is shown that somebody writes an answer.
        typing: bool,
    },
}

impl Content {
    /// What people read.
    pub fn text(&self) -> &str {
        match self {
            Self::Text(body) | Self::List { body, .. } | Self::Buttons { body, .. } => body,
            Self::Template(name) => name,
            Self::Media { caption, .. } => caption.as_deref().unwrap_or_default(),
        }
    }

    /// What can be tapped.
    pub fn rows(&self) -> &[Row] {
        match self {
            Self::List { rows, .. } | Self::Buttons { rows, .. } => rows,
            Self::Text(_) | Self::Template(_) | Self::Media { .. } => &[],
        }
    }

    /// Whether it may go out at any time.
    pub(super) const fn is_template(&self) -> bool {
        matches!(self, Self::Template(_))
    }
}

/// What a request wants.
pub(super) fn wanted(body: &Value) -> Result<Wanted, Refusal> {
    let known = [
        "messaging_product",
        "recipient_type",
        "to",
        "recipient",
        "type",
        "context",
        "biz_opaque_callback_data",
        "text",
        "interactive",
        "template",
        "image",
        "document",
        "audio",
        "video",
        "sticker",
        "status",
        "message_id",
        "typing_indicator",
    ];
    let request = Object::of("message", body, &known)?;
    if request.text("messaging_product", 20)? != "whatsapp" {
        return Err(Refusal::parameter("Param messaging_product must be `whatsapp`."));
    }
    if request.get("status").is_some() {
        return read(&request);
    }
    if request.text_if_any("recipient_type", 20)?.is_some_and(|kind| kind != "individual") {
        return Err(Refusal::parameter("Param recipient_type must be `individual`."));
    }
    let reply_to = match request.get("context") {
        Some(context) => {
            let context = Object::of("context", context, &["message_id"])?;
            Some(context.text("message_id", 512)?.to_owned())
        }
        None => None,
    };
    let data = request.text_if_any("biz_opaque_callback_data", 512)?;
    Ok(Wanted::Send(Box::new(Outgoing {
        to: recipient(&request)?,
        reply_to,
        callback_data: data.map(str::to_owned),
        content: content(&request)?,
    })))
}

fn read(request: &Object<'_>) -> Result<Wanted, Refusal> {
    if request.text("status", 20)? != "read" {
        return Err(Refusal::parameter("Param status must be `read`."));
    }
    let typing = match request.get("typing_indicator") {
        Some(typing) => {
            let typing = Object::of("typing_indicator", typing, &["type"])?;
            if typing.text("type", 20)? != "text" {
                return Err(Refusal::parameter("Param typing_indicator['type'] must be `text`."));
            }
            true
        }
        None => false,
    };
    Ok(Wanted::Read { id: request.text("message_id", 512)?.to_owned(), typing })
}

fn recipient(request: &Object<'_>) -> Result<String, Refusal> {
    let Some(to) = request.text_if_any("to", 40)? else {
        // Somebody who hides the number has an id of this business.
        return Ok(request.text("recipient", 140)?.to_owned());
    };
    let digits: String = to.chars().filter(|c| !matches!(c, '+' | ' ' | '-' | '(' | ')')).collect();
    let legal = (7..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
    if !legal {
        return Err(Refusal::parameter("Param to must be a valid phone number."));
    }
    Ok(digits)
}

fn content(request: &Object<'_>) -> Result<Content, Refusal> {
    let kind = request.text_if_any("type", 20)?.unwrap_or("text");
    // Nothing may be there that the type does not say.
    let kinds = ["text", "interactive", "template", "image", "document", "audio", "video"];
    if let Some(other) = kinds.iter().find(|one| **one != kind && request.get(one).is_some()) {
        let what = format!("Unexpected key \"{other}\" for a message of type \"{kind}\".");
        return Err(Refusal::parameter(&what));
    }
    match kind {
        "text" => {
            let text = Object::of("text", request.need("text")?, &["body", "preview_url"])?;
            Ok(Content::Text(text.text("body", TEXT)?.to_owned()))
        }
        "interactive" => interactive(request.need("interactive")?),
        "template" => {
            let known = ["name", "language", "components"];
            let template = Object::of("template", request.need("template")?, &known)?;
            let language = Object::of("language", template.need("language")?, &["code"])?;
            language.text("code", 20)?;
            Ok(Content::Template(template.text("name", 512)?.to_owned()))
        }
        "image" | "document" | "audio" | "video" => {
            let known = ["id", "caption", "filename"];
            let media = Object::of("media", request.need(kind)?, &known)?;
            if kind != "document" && media.get("filename").is_some() {
                return Err(Refusal::parameter("Only a document has a filename."));
            }
            if kind == "audio" && media.get("caption").is_some() {
                return Err(Refusal::parameter("A recording has no caption."));
            }
            let caption = media.text_if_any("caption", 1024)?.map(str::to_owned);
            Ok(Content::Media {
                kind: kind.to_owned(),
                id: media.text("id", 100)?.to_owned(),
                name: media.text_if_any("filename", 240)?.map(str::to_owned),
                caption,
            })
        }
        _ => Err(Refusal::of(131_051, "Message type is currently not supported.")),
    }
}

fn interactive(value: &Value) -> Result<Content, Refusal> {
    let known = ["type", "header", "body", "footer", "action"];
    let message = Object::of("interactive", value, &known)?;
    let kind = message.text("type", 20)?;
    if let Some(header) = message.get("header") {
        let header = Object::of("header", header, &["type", "text"])?;
        if header.text("type", 20)? != "text" {
            return Err(Refusal::parameter("Only a text is a header of a list."));
        }
        header.text("text", 60)?;
    }
    if let Some(footer) = message.get("footer") {
        Object::of("footer", footer, &["text"])?.text("text", 60)?;
    }
    let body = Object::of("body", message.need("body")?, &["text"])?;
    let action = message.need("action")?;
    match kind {
        "list" => list(body.text("text", TEXT)?, action),
        "button" => buttons(body.text("text", 1024)?, action),
        _ => Err(Refusal::value("Param interactive['type'] must be `list` or `button`.")),
    }
}

fn list(body: &str, action: &Value) -> Result<Content, Refusal> {
    let action = Object::of("action", action, &["button", "sections"])?;
    let sections = action.list("sections", 10)?;
    let mut rows = Vec::new();
    for section in sections {
        let section = Object::of("section", section, &["title", "rows"])?;
        let title = section.text_if_any("title", 24)?;
        if sections.len() > 1 && title.is_none() {
            return Err(Refusal::value("Of several sections each needs a title."));
        }
        for row in section.list("rows", 10)? {
            let row = Object::of("row", row, &["id", "title", "description"])?;
            rows.push(Row {
                id: row.text("id", 200)?.to_owned(),
                title: row.text("title", 24)?.to_owned(),
                description: row.text_if_any("description", 72)?.map(str::to_owned),
            });
        }
    }
    if rows.len() > 10 {
        return Err(Refusal::value("Total row count exceeds the maximum of 10."));
    }
    all_differ(&rows)?;
    let button = action.text("button", 20)?.to_owned();
    Ok(Content::List { body: body.to_owned(), button, rows })
}

fn buttons(body: &str, action: &Value) -> Result<Content, Refusal> {
    let action = Object::of("action", action, &["buttons"])?;
    let mut rows = Vec::new();
    for button in action.list("buttons", 3)? {
        let button = Object::of("button", button, &["type", "reply"])?;
        if button.text("type", 20)? != "reply" {
            return Err(Refusal::value("Param button['type'] must be `reply`."));
        }
        let reply = Object::of("reply", button.need("reply")?, &["id", "title"])?;
        rows.push(Row {
            id: reply.text("id", 256)?.to_owned(),
            title: reply.text("title", 20)?.to_owned(),
            description: None,
        });
    }
    all_differ(&rows)?;
    Ok(Content::Buttons { body: body.to_owned(), rows })
}

fn all_differ(rows: &[Row]) -> Result<(), Refusal> {
    let ids: BTreeSet<&str> = rows.iter().map(|row| row.id.as_str()).collect();
    if ids.len() < rows.len() {
        return Err(Refusal::value("Duplicated row id."));
    }
    Ok(())
}
