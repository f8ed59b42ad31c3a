//! What was acknowledged, and so must hold; and what was seen not to.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What the nodes have answered.
#[derive(Debug, Default)]
pub(crate) struct Ledger(Mutex<Pages>);

#[derive(Debug, Default)]
struct Pages {
    runs: BTreeMap<u64, String>,
    decisions: BTreeMap<String, &'static str>,
    counts: BTreeMap<String, u64>,
    violations: Vec<String>,
    harmed: u64,
    /// Of all runs that were to be started: how many have been.
    begun: u64,
    is_over: bool,
}

impl Ledger {
    fn pages(&self) -> MutexGuard<'_, Pages> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A node has accepted a run. The same number is the same run, wherever it was sent.
    pub(crate) fn accepted(&self, number: u64, run: &str) {
        let mut pages = self.pages();
        let known = pages.runs.entry(number).or_insert_with(|| run.to_owned()).clone();
        if known != run {
            let what = format!("one Idempotency-Key, two runs: {known} and {run} (run {number})");
            pages.violations.push(what);
        }
    }

    /// A node has acknowledged a decision. Only one choice can be acknowledged.
    pub(crate) fn decided(&self, approval: &str, choice: &'static str) {
        let mut pages = self.pages();
        let known = *pages.decisions.entry(approval.to_owned()).or_insert(choice);
        if known != choice {
            let what = format!("{approval}: acknowledged as `{known}` and as `{choice}`");
            pages.violations.push(what);
        }
    }

    /// Something that must not be.
    pub(crate) fn violation(&self, what: String) {
        self.pages().violations.push(what);
    }

    /// Something that is worth a line.
    pub(crate) fn count(&self, what: &str) {
        self.count_many(what, 1);
    }

    /// The same, several at once.
    pub(crate) fn count_many(&self, what: &str, times: u64) {
        *self.pages().counts.entry(what.to_owned()).or_default() += times;
    }

    /// One fault more is over.
    pub(crate) fn harmed(&self) {
        self.pages().harmed += 1;
    }

    /// How many faults are over.
    pub(crate) fn faults(&self) -> u64 {
        self.pages().harmed
    }

    /// One run more was begun.
    pub(crate) fn begin(&self) {
        self.pages().begun += 1;
    }

    /// How many were begun.
    pub(crate) fn begun(&self) -> u64 {
        self.pages().begun
    }

    /// Nobody starts anything any more.
    pub(crate) fn end(&self) {
        self.pages().is_over = true;
    }

    /// Whether that is so.
    pub(crate) fn is_over(&self) -> bool {
        self.pages().is_over
    }

    /// Every acknowledged run, by its number.
    pub(crate) fn runs(&self) -> BTreeMap<u64, String> {
        self.pages().runs.clone()
    }

    /// Every acknowledged decision.
    pub(crate) fn decisions(&self) -> BTreeMap<String, &'static str> {
        self.pages().decisions.clone()
    }

    /// All that was counted.
    pub(crate) fn counts(&self) -> BTreeMap<String, u64> {
        self.pages().counts.clone()
    }

    /// All that must not be.
    pub(crate) fn violations(&self) -> Vec<String> {
        self.pages().violations.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::Ledger;

    #[test]
    fn what_was_acknowledged_twice_must_be_the_same() {
        let ledger = Ledger::default();
        ledger.accepted(1, "run_a");
        ledger.accepted(1, "run_a");
        ledger.decided("appr_a", "once");
        ledger.decided("appr_a", "once");
        assert_eq!(ledger.violations(), Vec::<String>::new());
        ledger.accepted(1, "run_b");
        ledger.decided("appr_a", "deny");
        assert_eq!(ledger.violations().len(), 2);
    }
}
