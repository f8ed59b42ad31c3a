//! How the events of a stream are written.

use bytes::Bytes;
use countersign_domain::display::json_inert;
use countersign_domain::ids::RunId;
use countersign_domain::runs::Event;
use countersign_domain::time::Timestamp;
use serde::Serialize;

/// How the events of one stream are written for one reader.
pub(crate) trait Script: Send + 'static {
    /// What comes before the first event; possibly nothing.
    fn opening(&mut self) -> Bytes {
        Bytes::new()
    }

    /// One event; nothing if this reader is not told of it.
    fn event(&mut self, told: &Told<'_>) -> Bytes;

    /// That the stream is alive.
    fn keep_alive(&self) -> Bytes {
        Bytes::from_static(b": keep-alive\n\n")
    }
}

/// One event, as readers are told of it.
#[derive(Serialize)]
pub(crate) struct Told<'a> {
    /// What happened.
    #[serde(flatten)]
    pub(crate) event: &'a Event,
    /// In which run.
    pub(crate) run_id: RunId,
    /// When.
    pub(crate) timestamp: Timestamp,
    /// Its number in the stream.
    pub(crate) seq: u64,
}

/// The form of this gateway: each record has its number, its name and all of it as JSON.
pub(crate) struct Records;

impl Script for Records {
    fn event(&mut self, told: &Told<'_>) -> Bytes {
        let (number, name) = (told.seq, told.event.name());
        Bytes::from(format!("id: {number}\nevent: {name}\ndata: {}\n\n", line(told)))
    }
}

/// JSON in one line, without what would deceive whoever looks at it raw.
pub(crate) fn line(value: &impl Serialize) -> String {
    // What is written here is plain data with text keys, which JSON can always write.
    let data = serde_json::to_string(value).unwrap_or_default();
    json_inert(&data).into_owned()
}

/// A record without a name.
pub(crate) fn data(value: &impl Serialize) -> String {
    format!("data: {}\n\n", line(value))
}

/// A record with a name.
pub(crate) fn named(name: &str, value: &impl Serialize) -> String {
    format!("event: {name}\ndata: {}\n\n", line(value))
}
