//! Following a stream of events: replay from the store, then live, without gaps or repetition.

use std::time::Duration;

use countersign_domain::runs::{EventRecord, Stream};
use countersign_ports::event_bus::{BusState, Subscription};
use countersign_ports::store::{SharedStore, StoreError};
use tokio::sync::watch;

use crate::gateway::Gateway;
use crate::metrics::Reading;

/// How many events are read in one go: few, because a card may be large and a slow reader holds
/// them all.
const BATCH: usize = 32;

/// The store is looked at this often even without an announcement, because those may be lost.
pub(crate) const LOOK_AGAIN: Duration = Duration::from_secs(5);

/// And this often while the bus is lost.
const LOOK_AGAIN_ALONE: Duration = Duration::from_secs(1);

/// A reader of one stream.
pub struct Feed {
    store: SharedStore,
    stream: Stream,
    wakeups: Box<dyn Subscription>,
    bus: watch::Receiver<BusState>,
    reading: Reading,
    after: u64,
}

impl Gateway {
    /// A reader of `stream` from the event after number `after`.
    pub fn follow(&self, stream: Stream, after: u64) -> Feed {
        Feed {
            store: self.store.clone(),
            stream,
            // Subscribed before the first read, so that nothing falls between the two.
            wakeups: self.bus.subscribe(stream.into()),
            bus: self.bus.state(),
            reading: self.metrics.reading(stream),
            after,
        }
    }

    /// Whether the bus reaches the other nodes.
    pub fn bus_state(&self) -> BusState {
        *self.bus.state().borrow()
    }

    /// How long to wait for an announcement before the store is looked at without one.
    pub(crate) fn look_again(&self) -> Duration {
        look_again(self.bus_state())
    }

    /// The number of the newest event of a stream; 0 if it has none.
    pub async fn newest_number(&self, stream: Stream) -> Result<u64, StoreError> {
        let newest = self.store.events().last(stream).await?;
        Ok(newest.map_or(0, |event| number(stream, &event)))
    }
}

impl Feed {
    /// The next events, at least one; waits until there are some. Safe to cancel.
    pub async fn next(&mut self) -> Result<Vec<EventRecord>, StoreError> {
        loop {
            let events = self.ready().await?;
            if !events.is_empty() {
                return Ok(events);
            }
            // A timeout is as good as a wake-up: the store is looked at again.
            let look_again = look_again(*self.bus.borrow());
            drop(tokio::time::timeout(look_again, self.wakeups.changed()).await);
        }
    }

    /// The events that are there now, possibly none.
    pub async fn ready(&mut self) -> Result<Vec<EventRecord>, StoreError> {
        let events = self.store.events().after(self.stream, self.after, BATCH).await?;
        if let Some(last) = events.last() {
            self.after = self.number(last);
            self.reading.delivered(events.len());
        }
        Ok(events)
    }

    /// The number of an event in this stream: what a reader names to go on from there.
    pub const fn number(&self, event: &EventRecord) -> u64 {
        number(self.stream, event)
    }
}

const fn look_again(bus: BusState) -> Duration {
    match bus {
        BusState::Alone | BusState::Connected => LOOK_AGAIN,
        BusState::Lost => LOOK_AGAIN_ALONE,
    }
}

const fn number(stream: Stream, event: &EventRecord) -> u64 {
    match stream {
        Stream::Run(_) => event.seq,
        Stream::Approvals => event.global_seq,
    }
}
