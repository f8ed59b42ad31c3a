//! Following a stream of events over breaks of the connection.

use std::pin::Pin;
use std::time::Duration;

use futures::{Stream, StreamExt as _};
use reqwest::Method;
use serde_json::Value;
use sse_stream::{Sse, SseByteStream};

use super::{Client, ClientError};

/// The gateway says something at least every 15 seconds.
const SILENCE: Duration = Duration::from_secs(40);

/// Attempts to connect in a row before it is given up.
const ATTEMPTS: u32 = 8;

type Records = Pin<Box<dyn Stream<Item = Result<Sse, String>> + Send>>;

/// The name of the record that tells of a break: what happened meanwhile may be missing where the
/// stream had not said anything yet.
pub(crate) const RECONNECTED: &str = "reconnected";

/// One event.
#[derive(Debug, Clone)]
pub(crate) struct Record {
    /// Its name.
    pub(crate) name: String,
    /// What it says.
    pub(crate) data: Value,
}

/// A stream that goes on where it broke off.
pub(crate) struct Events {
    client: Client,
    path: String,
    last_id: Option<String>,
    records: Option<Records>,
    failures: u32,
    opened: bool,
}

impl Events {
    pub(super) fn new(client: Client, path: String) -> Self {
        Self { client, path, last_id: None, records: None, failures: 0, opened: false }
    }

    /// Connects, so that nothing that happens from now on is missed.
    pub(crate) async fn open(&mut self) -> Result<(), ClientError> {
        while self.records.is_none() {
            self.connect().await?;
        }
        self.opened = true;
        Ok(())
    }

    /// The next event; an error when the gateway is gone or refuses. Safe to cancel.
    pub(crate) async fn next(&mut self) -> Result<Record, ClientError> {
        loop {
            let Some(records) = &mut self.records else {
                let again = self.opened;
                self.open().await?;
                if again {
                    return Ok(Record { name: RECONNECTED.to_owned(), data: Value::Null });
                }
                continue;
            };
            match tokio::time::timeout(SILENCE, records.next()).await {
                Ok(Some(Ok(sse))) => {
                    if let Some(record) = self.taken(sse) {
                        return Ok(record);
                    }
                }
                Ok(Some(Err(_)) | None) | Err(_) => self.records = None,
            }
        }
    }

    fn taken(&mut self, sse: Sse) -> Option<Record> {
        self.failures = 0;
        if let Some(id) = sse.id {
            self.last_id = Some(id);
        }
        Some(Record { name: sse.event?, data: serde_json::from_str(&sse.data?).ok()? })
    }

    async fn connect(&mut self) -> Result<(), ClientError> {
        if self.failures > 0 {
            let wait = Duration::from_millis(100) * 2_u32.saturating_pow(self.failures);
            tokio::time::sleep(wait.min(Duration::from_secs(5))).await;
        }
        self.failures += 1;
        let mut request = self.client.request(Method::GET, &self.path);
        request = request.header("Accept", "text/event-stream");
        if let Some(id) = &self.last_id {
            request = request.header("Last-Event-ID", id);
        }
        let response = match self.client.send(request).await {
            Err(ClientError::Unreachable(_)) if self.failures < ATTEMPTS => return Ok(()),
            sent => self.client.checked(sent?).await?,
        };
        let records = SseByteStream::new(response.bytes_stream());
        let records = records.map(|record| record.map_err(|error| error.to_string()));
        self.records = Some(Box::pin(records));
        Ok(())
    }
}
