//! Waiting for what becomes of a message. The API takes what it will not deliver, and says so a
//! moment later, by a status.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use super::refusal::Refusal;

/// What a status says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It is on its way, or there.
    Arrived,
    /// It is not, and will not be.
    Failed(Refusal),
}

/// Who waits, by the keys of their messages.
#[derive(Debug, Default)]
pub(super) struct Outcomes(Mutex<BTreeMap<String, oneshot::Sender<Outcome>>>);

/// Somebody who waits; who goes away waits no more.
pub(super) struct Waiting<'o> {
    outcomes: &'o Outcomes,
    key: String,
    told: oneshot::Receiver<Outcome>,
}

impl Outcomes {
    /// Waits for what becomes of the message with this key, which is not sent yet.
    pub(super) fn of(&self, key: &str) -> Waiting<'_> {
        let (teller, told) = oneshot::channel();
        self.waiting().insert(key.to_owned(), teller);
        Waiting { outcomes: self, key: key.to_owned(), told }
    }

    /// Tells whoever waits for it; whether anybody did.
    pub(super) fn tell(&self, key: &str, outcome: Outcome) -> bool {
        let teller = self.waiting().remove(key);
        teller.is_some_and(|teller| teller.send(outcome).is_ok())
    }

    fn waiting(&self) -> MutexGuard<'_, BTreeMap<String, oneshot::Sender<Outcome>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting<'_> {
    /// What became of it; `None` if nobody says.
    pub(super) async fn told(&mut self) -> Option<Outcome> {
        (&mut self.told).await.ok()
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.told.close();
        // Somebody else may wait for the same by now.
        let mut waiting = self.outcomes.waiting();
        if waiting.get(&self.key).is_some_and(oneshot::Sender::is_closed) {
            waiting.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn who_waits_is_told_and_who_has_gone_is_not() {
        let outcomes = Outcomes::default();
        let mut waiting = outcomes.of("a");
        assert!(!outcomes.tell("b", Outcome::Arrived));
        assert!(outcomes.tell("a", Outcome::Arrived));
        assert_eq!(waiting.told().await, Some(Outcome::Arrived));
        drop(outcomes.of("a"));
        assert!(!outcomes.tell("a", Outcome::Arrived));
        assert!(outcomes.waiting().is_empty());
    }

    #[tokio::test]
    async fn who_waits_for_the_same_again_is_not_forgotten() {
        let outcomes = Outcomes::default();
        let first = outcomes.of("a");
        let mut second = outcomes.of("a");
        drop(first);
        assert!(outcomes.tell("a", Outcome::Failed(Refusal::default())));
        assert_eq!(second.told().await, Some(Outcome::Failed(Refusal::default())));
    }
}
