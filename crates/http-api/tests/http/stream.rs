//! A strict reader of event streams.

use futures::StreamExt as _;
use futures::stream::BoxStream;
use reqwest::{RequestBuilder, Response};
use serde_json::Value;

use crate::house::LIMIT;

/// One record, or a comment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Piece {
    Record { id: u64, event: String, data: Value },
    Comment(String),
}

/// A stream that is being read.
pub(crate) struct Events {
    pub(crate) head: reqwest::header::HeaderMap,
    bytes: BoxStream<'static, reqwest::Result<Vec<u8>>>,
    rest: String,
}

impl Events {
    pub(crate) async fn open(request: RequestBuilder) -> Self {
        let response: Response = request.send().await.expect("the gateway answers");
        assert_eq!(response.status(), 200, "{response:?}");
        let head = response.headers().clone();
        let bytes = response.bytes_stream().map(|part| part.map(|bytes| bytes.to_vec())).boxed();
        Self { head, bytes, rest: String::new() }
    }

    /// The next piece; nothing when the stream has ended properly.
    pub(crate) async fn piece(&mut self) -> Option<Piece> {
        Some(parse(&self.text().await?))
    }

    /// The same, as it is written.
    pub(crate) async fn text(&mut self) -> Option<String> {
        loop {
            if let Some((record, rest)) = self.rest.split_once("\n\n") {
                let record = record.to_owned();
                self.rest = rest.to_owned();
                return Some(record);
            }
            let Some(part) = self.bytes.next().await else {
                assert_eq!(self.rest, "", "the stream ended within a record");
                return None;
            };
            let part = part.expect("the stream is whole");
            self.rest.push_str(std::str::from_utf8(&part).expect("text"));
        }
    }

    /// The next record.
    pub(crate) async fn next(&mut self) -> Option<(u64, String, Value)> {
        loop {
            match tokio::time::timeout(LIMIT, self.piece()).await.expect("in time") {
                Some(Piece::Record { id, event, data }) => return Some((id, event, data)),
                Some(Piece::Comment(_)) => {}
                None => return None,
            }
        }
    }

    /// The next record of a stream whose records have no numbers: its name, if it has one, and its data.
    pub(crate) async fn unnumbered(&mut self) -> Option<(String, String)> {
        loop {
            let text = tokio::time::timeout(LIMIT, self.text()).await.expect("in time")?;
            if text.starts_with(':') {
                continue;
            }
            let (name, data) = match text.strip_prefix("event: ") {
                Some(rest) => rest.split_once('\n').expect("a name and data"),
                None => ("", text.as_str()),
            };
            let data = data.strip_prefix("data: ").expect("data");
            assert!(!data.contains('\n'), "{text:?}");
            return Some((name.to_owned(), data.to_owned()));
        }
    }

    /// Everything up to the end.
    pub(crate) async fn all(mut self) -> Vec<(u64, String, Value)> {
        let mut records = Vec::new();
        while let Some(record) = self.next().await {
            records.push(record);
        }
        records
    }
}

fn parse(text: &str) -> Piece {
    if let Some(comment) = text.strip_prefix(": ") {
        return Piece::Comment(comment.to_owned());
    }
    let lines: Vec<&str> = text.lines().collect();
    let [id, event, data] = lines.as_slice() else { panic!("not three lines: {text:?}") };
    let id = id.strip_prefix("id: ").expect("id first").parse().expect("a number");
    let event = event.strip_prefix("event: ").expect("event second").to_owned();
    let data = serde_json::from_str(data.strip_prefix("data: ").expect("data third"));
    Piece::Record { id, event, data: data.expect("JSON") }
}
