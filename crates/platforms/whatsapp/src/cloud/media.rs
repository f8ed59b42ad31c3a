//! Files: uploaded before the message that names them, and fetched by the id that a message has.

use bytes::Bytes;
use countersign_domain::digest::Digest;
use countersign_ports::platform::PlatformError;
use serde_json::{Value, json};
use url::Url;

use super::account::Cloud;
use super::graph::GraphError;
use crate::files::{File, Kind, kind, no_such_file, too_large};
use crate::transport::SendError;

/// The largest picture, in bytes.
const LARGEST_IMAGE: usize = 5 * 1024 * 1024;

/// The longest id of a file.
const LONGEST_ID: usize = 64;

impl Cloud {
    /// Uploads a file; the message that shows it.
    pub(super) async fn uploaded(&self, file: &File<'_>) -> Result<Value, SendError> {
        let kind = kind(file.media_type);
        if kind == Kind::Image && file.content.len() > LARGEST_IMAGE {
            let why = format!("`{}` is a picture of more than {LARGEST_IMAGE} bytes", file.name);
            return Err(SendError::Refused(why));
        }
        let form = Form::of(file);
        let answer = self.graph.upload(form.content_type, form.body).await;
        self.note_token(answer.as_ref().err());
        // What is uploaded and not sent shows nowhere: whatever went wrong, nothing was said.
        let answer = answer.map_err(|error| match error.into() {
            SendError::Unknown(why) => SendError::NotReached(why),
            known @ (SendError::NotReached(_) | SendError::Refused(_) | SendError::SlowDown(_)) => {
                known
            }
        })?;
        let id = answer.get("id").and_then(Value::as_str).filter(|id| is_id(id));
        let id = id.ok_or_else(|| {
            SendError::NotReached("the answer does not name the uploaded file".to_owned())
        })?;
        Ok(message(file, kind, id))
    }

    /// The content of a file that somebody sent.
    pub(super) async fn fetched(&self, id: &str, most: u64) -> Result<Bytes, PlatformError> {
        if !is_id(id) {
            return Err(no_such_file());
        }
        let described = self.graph.media(id).await;
        self.note_token(described.as_ref().err());
        let described = described.map_err(of_fetching)?;
        if described.get("file_size").and_then(Value::as_u64).is_some_and(|size| size > most) {
            return Err(too_large(most));
        }
        let url = described.get("url").and_then(Value::as_str);
        let url = url.and_then(|url| Url::parse(url).ok()).filter(|url| self.is_metas(url));
        let url = url.ok_or_else(no_such_file)?;
        match self.graph.bytes(url, most).await {
            Ok(Some(content)) => Ok(content),
            Ok(None) => Err(too_large(most)),
            Err(error) => Err(of_fetching(error)),
        }
    }

    /// Whether the token may go there: nobody reads it on the way, and the API itself has named the
    /// place.
    fn is_metas(&self, url: &Url) -> bool {
        let graph = &self.settings.graph;
        let here = url.origin() == graph.origin();
        (url.scheme() == "https" || here) && url.username().is_empty() && url.password().is_none()
    }
}

/// A request with a file in it.
struct Form {
    content_type: String,
    body: Vec<u8>,
}

impl Form {
    fn of(file: &File<'_>) -> Self {
        // It follows from the content, in which it can therefore not be.
        let boundary = format!("countersign-{}", Digest::of(file.content).short());
        let mut body = Vec::with_capacity(file.content.len() + 1024);
        for (name, value) in [("messaging_product", "whatsapp"), ("type", file.media_type)] {
            let head = format!(
                "--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
            );
            body.extend_from_slice(head.as_bytes());
        }
        // What people see is the name in the message.
        let head = format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"file\"\r\n\
             Content-Type: {}\r\n\r\n",
            file.media_type
        );
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(file.content);
        body.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
        Self { content_type: format!("multipart/form-data; boundary={boundary}"), body }
    }
}

fn message(file: &File<'_>, kind: Kind, id: &str) -> Value {
    let mut shown = json!({ "id": id });
    if let Some(fields) = shown.as_object_mut() {
        if let Some(caption) = file.caption {
            fields.insert("caption".to_owned(), json!(caption));
        }
        if kind == Kind::Document {
            fields.insert("filename".to_owned(), json!(file.name));
        }
    }
    let what = json!({"type": kind.word(), kind.word(): shown});
    super::list::addressed(what, file.chat.number(), (file.key, file.reply_to))
}

/// The ids of Meta's files are digits.
fn is_id(id: &str) -> bool {
    (1..=LONGEST_ID).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_digit())
}

fn of_fetching(error: GraphError) -> PlatformError {
    match SendError::from(error) {
        SendError::Unknown(why) | SendError::NotReached(why) => PlatformError::Unavailable(why),
        SendError::Refused(why) => PlatformError::Refused(why),
        SendError::SlowDown(pause) => PlatformError::SlowDown(pause),
    }
}
