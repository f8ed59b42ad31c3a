//! What a test makes go wrong.

use axum::http::Method;
use tokio::sync::watch;

/// Faults that wait for their request.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    waiting: Vec<Fault>,
    posting: Option<Gate>,
}

#[derive(Debug)]
struct Fault {
    method: Option<Method>,
    path: String,
    what: What,
}

/// What happens to a request.
#[derive(Debug, Clone)]
pub(crate) enum What {
    /// It is not done, and answered with this status.
    Refuse(u16),
    /// It is done, and answered with this status all the same.
    LoseAnswer(u16),
    /// It is not done, and answered with 429.
    Limit { retry_after: u64 },
    /// It is done, and the answer waits.
    HoldAnswer(Gate),
}

/// Something that waits until it is let go.
#[derive(Debug, Clone)]
pub(crate) struct Gate {
    pub(crate) open: watch::Sender<bool>,
    pub(crate) arrived: watch::Sender<u32>,
}

impl Faults {
    pub(crate) fn add(&mut self, method: Option<Method>, path: &str, what: What) {
        self.waiting.push(Fault { method, path: path.to_owned(), what });
    }

    /// The first fault that waits for this request; it happens once.
    pub(crate) fn take(&mut self, method: &Method, path: &str) -> Option<What> {
        let at = self.waiting.iter().position(|fault| {
            fault.method.as_ref().is_none_or(|wanted| wanted == method)
                && path.starts_with(&fault.path)
        })?;
        Some(self.waiting.remove(at).what)
    }

    pub(crate) fn hold_posting(&mut self, gate: Gate) {
        self.posting = Some(gate);
    }

    pub(super) fn gate_of_posting(&mut self) -> Option<Gate> {
        self.posting.take()
    }
}

impl Gate {
    pub(crate) fn closed() -> Self {
        Self { open: watch::Sender::new(false), arrived: watch::Sender::new(0) }
    }

    /// Waits until the gate is open.
    pub(crate) async fn pass(&self) {
        self.arrived.send_modify(|times| *times += 1);
        let mut open = self.open.subscribe();
        // The sender lives as long as this gate.
        drop(open.wait_for(|open| *open).await);
    }
}
