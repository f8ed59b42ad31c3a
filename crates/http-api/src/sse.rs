//! Event streams: replay from the store, then live, until the end of the run, of the credential or
//! of the server.
//!
//! A waiting stream holds no events; a slow reader holds one batch at most.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::time::Duration;

use axum::body::Body;
use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName};
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use countersign_domain::runs::{EventRecord, Stream};
use countersign_gateway::{AuthError, Feed, ReadError};
use countersign_ports::store::StoreError;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::access::{Identity, authenticate};
use crate::problem::Problem;
use crate::query::Parameters;
use crate::script::{Script, Told};
use crate::server::App;

/// How often a stream says that it is alive, and looks whether its reader still may read.
pub(crate) const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// Where a reader wants to go on: after this event, if it names one.
pub(crate) struct After(pub(crate) Option<u64>);

/// Ends streams when the server stops.
#[derive(Clone)]
pub(crate) struct Shutdown(pub(crate) CancellationToken);

impl FromRequestParts<App> for After {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let mut query = Parameters::from_request_parts(parts, app).await?;
        let after = after(&mut query, &parts.headers)?;
        query.finish()?;
        Ok(Self(after))
    }
}

/// The last event that a reader has seen, if it names one. `Last-Event-ID` goes before `?after=`: a
/// browser that reconnects repeats the old address.
pub(crate) fn after(query: &mut Parameters, headers: &HeaderMap) -> Result<Option<u64>, Problem> {
    let asked = query.parsed("after")?;
    let Some(last) = headers.get("last-event-id") else {
        return Ok(asked);
    };
    let number = last.to_str().ok().and_then(|text| text.parse().ok());
    let message = "`Last-Event-ID` is the id of an event: a number";
    number.map(Some).ok_or_else(|| Problem::invalid("invalid_value", "Last-Event-ID", message))
}

impl FromRequestParts<App> for Shutdown {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Infallible> {
        let own = parts.extensions.get::<Self>().cloned();
        Ok(own.unwrap_or_else(|| Self(app.never.clone())))
    }
}

/// One reader.
pub(crate) struct Reader {
    pub(crate) app: App,
    pub(crate) identity: Identity,
    pub(crate) shutdown: Shutdown,
}

impl Reader {
    /// The answer that streams the events of `stream` after number `after`.
    pub(crate) fn follow(self, stream: Stream, after: u64, script: impl Script) -> Response {
        let tail = Tail {
            script,
            feed: self.app.gateway.follow(stream, after),
            reader: self,
            stream,
            ready: VecDeque::new(),
            look_at: Instant::now() + KEEP_ALIVE,
            end: End::Unknown,
        };
        let records = futures::stream::unfold(tail, |mut tail| async move {
            let record = tail.next().await?;
            Some((Ok::<_, Infallible>(record), tail))
        });
        let headers = [
            (CONTENT_TYPE, "text/event-stream; charset=utf-8"),
            (CACHE_CONTROL, "no-cache"),
            (HeaderName::from_static("x-accel-buffering"), "no"),
        ];
        (headers, Body::from_stream(records)).into_response()
    }
}

struct Tail<S> {
    script: S,
    reader: Reader,
    feed: Feed,
    stream: Stream,
    ready: VecDeque<EventRecord>,
    look_at: Instant,
    end: End,
}

/// What is known of the end of a stream.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    /// Not looked yet.
    Unknown,
    /// More may come.
    Open,
    /// What the store holds is all.
    Known,
    /// It has been sent.
    Sent,
}

impl<S: Script> Tail<S> {
    /// The next piece; nothing at the end.
    async fn next(&mut self) -> Option<Bytes> {
        if self.end == End::Unknown {
            self.end = self.look_for_end().await?;
            let opening = self.script.opening();
            if !opening.is_empty() {
                return Some(opening);
            }
        }
        loop {
            if let Some(record) = self.ready.pop_front() {
                let written = self.written(&record);
                if written.is_empty() {
                    continue;
                }
                return Some(written);
            }
            self.ready = VecDeque::new();
            if self.end == End::Sent || self.reader.shutdown.0.is_cancelled() {
                return None;
            }
            if Instant::now() >= self.look_at {
                self.look().await?;
                return Some(self.script.keep_alive());
            }
            self.read().await?;
        }
    }

    /// Waits for events, for the time to look, or for the end.
    async fn read(&mut self) -> Option<()> {
        if self.end == End::Known {
            let events = told(self.feed.ready().await)?;
            if events.is_empty() {
                return None;
            }
            self.ready = events.into();
            return Some(());
        }
        tokio::select! {
            events = self.feed.next() => self.ready = told(events)?.into(),
            () = tokio::time::sleep_until(self.look_at) => {}
            () = self.reader.shutdown.0.cancelled() => return None,
        }
        Some(())
    }

    /// Goes on only while the credential is good and the run can be seen.
    async fn look(&mut self) -> Option<()> {
        let credential = self.reader.identity.credential.clone();
        match authenticate(&self.reader.app, credential).await {
            Ok(identity) => self.reader.identity = identity,
            Err(AuthError::Refused) => return None,
            Err(AuthError::Store(error)) => return told(Err(error)),
        }
        if self.end == End::Open {
            self.end = self.look_for_end().await?;
        }
        self.look_at = Instant::now() + KEEP_ALIVE;
        Some(())
    }

    /// A reader may ask to go on after the last event: then nothing would ever come.
    async fn look_for_end(&mut self) -> Option<End> {
        let Stream::Run(run) = self.stream else {
            return Some(End::Open);
        };
        let gateway = self.reader.app.gateway.clone();
        match gateway.visible_run(run, &self.reader.identity.caller).await {
            Ok(run) if run.status().is_final() => Some(End::Known),
            Ok(_) => Some(End::Open),
            Err(ReadError::Store(error)) => told(Err(error)),
            Err(ReadError::NoRun(_) | ReadError::NoApproval(_) | ReadError::Forbidden(_)) => None,
        }
    }

    fn written(&mut self, record: &EventRecord) -> Bytes {
        if matches!(self.stream, Stream::Run(_)) && record.event.is_final() {
            self.end = End::Sent;
        }
        let seq = self.feed.number(record);
        let (run_id, timestamp) = (record.run_id, record.timestamp);
        self.script.event(&Told { event: &record.event, run_id, timestamp, seq })
    }
}

/// A stream that cannot be read ends; its reader comes back.
fn told<T>(read: Result<T, StoreError>) -> Option<T> {
    read.inspect_err(|error| tracing::error!(%error, "an event stream could not be read")).ok()
}
