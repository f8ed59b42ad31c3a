//! Who goes first: only so many requests are on their way at once, and cards pass everything else.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

/// How many requests are on their way at once.
const AT_ONCE: usize = 6;

/// Of them, so many at most that are no cards: there is always room for one more card.
const OTHERS_AT_ONCE: usize = 4;

/// How much something matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Urgency {
    /// Nobody misses it.
    Idle,
    /// A text, or a question of our own.
    Text,
    /// What people decide by.
    Card,
}

/// The way to one server.
#[derive(Debug, Clone, Default)]
pub(crate) struct Lane(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    cards: usize,
    others: usize,
    arrived: u64,
    /// The most urgent first, among equals whoever came first.
    waiting: BTreeMap<(Reverse<Urgency>, u64), oneshot::Sender<Pass>>,
}

/// Leave to send one request; given back when dropped.
#[derive(Debug)]
pub(crate) struct Pass {
    lane: Lane,
    urgency: Urgency,
}

impl Lane {
    /// Waits for its turn.
    pub(crate) async fn turn(&self, urgency: Urgency) -> Pass {
        let waiting = {
            let mut state = self.state();
            if state.has_room(urgency) {
                state.enter(urgency);
                None
            } else {
                let (given, waiting) = oneshot::channel();
                state.arrived += 1;
                let place = (Reverse(urgency), state.arrived);
                state.waiting.insert(place, given);
                Some(waiting)
            }
        };
        let passed = match waiting {
            Some(waiting) => waiting.await.ok(),
            None => None,
        };
        passed.unwrap_or_else(|| Pass { lane: self.clone(), urgency })
    }

    fn leave(&self, urgency: Urgency) {
        let mut given = Vec::new();
        {
            let mut state = self.state();
            state.exit(urgency);
            while let Some(next) = state.next() {
                given.push(next);
            }
        }
        for (urgency, waiting) in given {
            // Who has gone meanwhile drops the pass, and the next one has the turn.
            drop(waiting.send(Pass { lane: self.clone(), urgency }));
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    const fn has_room(&self, urgency: Urgency) -> bool {
        let all = self.cards + self.others;
        match urgency {
            Urgency::Card => all < AT_ONCE,
            Urgency::Text | Urgency::Idle => all < AT_ONCE && self.others < OTHERS_AT_ONCE,
        }
    }

    const fn enter(&mut self, urgency: Urgency) {
        match urgency {
            Urgency::Card => self.cards += 1,
            Urgency::Text | Urgency::Idle => self.others += 1,
        }
    }

    const fn exit(&mut self, urgency: Urgency) {
        match urgency {
            Urgency::Card => self.cards = self.cards.saturating_sub(1),
            Urgency::Text | Urgency::Idle => self.others = self.others.saturating_sub(1),
        }
    }

    /// The next one that has room now, who has entered.
    fn next(&mut self) -> Option<(Urgency, oneshot::Sender<Pass>)> {
        let place = *self.waiting.keys().find(|(Reverse(urgency), _)| self.has_room(*urgency))?;
        let waiting = self.waiting.remove(&place)?;
        let (Reverse(urgency), _) = place;
        self.enter(urgency);
        Some((urgency, waiting))
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        self.lane.leave(self.urgency);
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;

    fn on_their_way(lane: &Lane) -> (usize, usize) {
        let state = lane.state();
        (state.cards, state.others)
    }

    #[test]
    fn a_card_passes_what_came_before_it_and_always_has_room() {
        let lane = Lane::default();
        let mut texts: Vec<Pass> = Vec::new();
        for _ in 0..OTHERS_AT_ONCE {
            texts.push(lane.turn(Urgency::Text).now_or_never().unwrap());
        }
        let mut idle = Box::pin(lane.turn(Urgency::Idle));
        assert!((&mut idle).now_or_never().is_none());
        let first = lane.turn(Urgency::Card).now_or_never().unwrap();
        let second = lane.turn(Urgency::Card).now_or_never().unwrap();
        let mut text = Box::pin(lane.turn(Urgency::Text));
        let mut card = Box::pin(lane.turn(Urgency::Card));
        assert!((&mut text).now_or_never().is_none() && (&mut card).now_or_never().is_none());
        drop(texts.pop());
        let third = card.now_or_never().unwrap();
        assert!((&mut text).now_or_never().is_none());
        drop((first, second));
        let text = text.now_or_never().unwrap();
        assert!((&mut idle).now_or_never().is_none());
        drop((text, third));
        assert!(idle.now_or_never().is_some());
        drop(texts);
        assert_eq!(on_their_way(&lane), (0, 0));
    }

    #[test]
    fn who_goes_away_while_waiting_takes_nobodys_turn() {
        let lane = Lane::default();
        let passes: Vec<Pass> =
            (0..AT_ONCE).map(|_| lane.turn(Urgency::Card).now_or_never().unwrap()).collect();
        let mut gone = Box::pin(lane.turn(Urgency::Card));
        let mut stays = Box::pin(lane.turn(Urgency::Text));
        assert!((&mut gone).now_or_never().is_none() && (&mut stays).now_or_never().is_none());
        drop(gone);
        drop(passes);
        assert!(stays.now_or_never().is_some());
        assert_eq!(on_their_way(&lane), (0, 0));
    }
}
