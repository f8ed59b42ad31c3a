//! What time the server thinks it is.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::sync::watch;

/// The server's clock: real, or one that stands still until the test moves it.
///
/// Deadlines, ages of `trigger_id` and the rate limit all follow it. Clones show the same time.
#[derive(Debug, Clone)]
pub struct Clock {
    kind: Kind,
    /// How far the test has moved it, in milliseconds.
    moved: watch::Sender<i64>,
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    Real,
    Standing { millis: i64 },
}

impl Clock {
    /// A clock that goes by itself.
    pub fn real() -> Self {
        Self { kind: Kind::Real, moved: watch::Sender::new(0) }
    }

    /// A clock that stands at so many milliseconds after 1970 until it is moved.
    pub fn standing_at(millis: i64) -> Self {
        Self { kind: Kind::Standing { millis }, moved: watch::Sender::new(0) }
    }

    /// Milliseconds after 1970.
    pub fn now(&self) -> i64 {
        let base = match self.kind {
            Kind::Real => real_millis(),
            Kind::Standing { millis } => millis,
        };
        base + *self.moved.borrow()
    }

    /// Lets `span` pass; who waits for a time that has come by then wakes up.
    pub fn advance(&self, span: Duration) {
        self.moved.send_modify(|moved| *moved += in_millis(span));
    }

    /// Sets the clock back, as an operator might.
    pub fn set_back(&self, span: Duration) {
        self.moved.send_modify(|moved| *moved -= in_millis(span));
    }

    /// Waits until the clock shows `millis`.
    pub(crate) async fn until(&self, millis: i64) {
        let mut moved = self.moved.subscribe();
        loop {
            let missing = millis - self.now();
            if missing <= 0 {
                return;
            }
            match self.kind {
                Kind::Real => {
                    let span = Duration::from_millis(missing.unsigned_abs());
                    drop(tokio::time::timeout(span, moved.changed()).await);
                }
                // The sender lives as long as this clock.
                Kind::Standing { .. } => drop(moved.changed().await),
            }
        }
    }

    /// Waits for so long.
    pub(crate) async fn pause(&self, span: Duration) {
        self.until(self.now() + in_millis(span)).await;
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::real()
    }
}

fn real_millis() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, in_millis)
}

fn in_millis(span: Duration) -> i64 {
    i64::try_from(span.as_millis()).unwrap_or(i64::MAX)
}
