//! Noting what was brought to a platform's address and is not believed.

use std::time::Duration;

use countersign_domain::audit::{AuditKind, AuditRecord};
use countersign_domain::identity::Actor;
use countersign_domain::time::Timestamp;
use countersign_ports::platform::RefusedCallback;
use countersign_ports::store::{Change, UnitOfWork};
use serde_json::{Map, json};

use super::desk::held;
use crate::gateway::Gateway;

/// Anybody can send such things: so few are written down one by one in each span.
const FEW: u32 = 20;

/// That span. After one in which more came, a single line says how many, until one was quiet.
const SPAN: Duration = Duration::from_hours(1);

/// Who brought something that is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BroughtBy {
    /// Anybody: nothing proves that it was the platform.
    Anybody,
    /// The platform: somebody there has sent it.
    Platform,
}

/// What is noted of what is not believed. What anybody can send uses up nothing of what is kept for
/// the rest.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Refusals {
    unproven: Noted,
    proven: Noted,
}

/// How many were noted in the span that began then, and how many were not.
#[derive(Debug, Clone, Copy, Default)]
struct Noted {
    since: Option<Timestamp>,
    left: u32,
    left_out: u64,
}

impl Refusals {
    fn next(&mut self, by: BroughtBy, now: Timestamp) -> Option<u64> {
        match by {
            BroughtBy::Anybody => self.unproven.next(now),
            BroughtBy::Platform => self.proven.next(now),
        }
    }
}

impl Noted {
    /// How many were left out before, if this one is to be noted.
    fn next(&mut self, now: Timestamp) -> Option<u64> {
        if self.since.is_none_or(|since| now.since(since) >= SPAN) {
            let was_quiet = self.left_out == 0;
            (self.since, self.left) = (Some(now), if was_quiet { FEW } else { 1 });
        }
        let Some(left) = self.left.checked_sub(1) else {
            self.left_out += 1;
            return None;
        };
        self.left = left;
        Some(std::mem::take(&mut self.left_out))
    }
}

impl Gateway {
    /// Something that was brought had no effect, because it is not believed.
    pub(super) async fn note_refused(&self, refused: RefusedCallback, by: BroughtBy) {
        let now = self.clock.now();
        let Some(left_out) = held(&self.chats.refusals).next(by, now) else {
            return;
        };
        let RefusedCallback { platform, account, what, claimed, why } = refused;
        let mut detail = Map::from_iter([
            ("why".to_owned(), json!(self.redactor.redact(&why))),
            ("claimed_by".to_owned(), json!(claimed.as_ref().map(ToString::to_string))),
        ]);
        if left_out > 0 {
            detail.insert("not_noted_before".to_owned(), json!(left_out));
        }
        let record = AuditRecord {
            at: now,
            kind: AuditKind::CallbackRefused,
            actor: Actor::System,
            subject: format!("{platform}/{account}/{what}"),
            session: None,
            detail,
        };
        let work = UnitOfWork::new().and(Change::AddAudit(Box::new(record)));
        if let Err(error) = self.commit(work).await {
            tracing::warn!(%error, "what was refused could not be noted");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_counted_and_not_written_down() {
        let mut refusals = Noted::default();
        let mut now = Timestamp::from_millis(1);
        let mut flood = |now: Timestamp| {
            let noted: Vec<u64> = (0..1000).filter_map(|_| refusals.next(now)).collect();
            (noted.len(), noted.into_iter().sum::<u64>())
        };
        assert_eq!(flood(now), (20, 0));
        for missed in [980, 999, 999] {
            now = now.after(SPAN);
            assert_eq!(flood(now), (1, missed));
        }
        // A quiet span says what is still to be said; after it each is noted again.
        now = now.after(SPAN);
        assert_eq!(refusals.next(now), Some(999));
        now = now.after(SPAN);
        assert_eq!(refusals.next(now), Some(0));
        assert_eq!(refusals.next(now), Some(0));
    }

    #[test]
    fn what_anybody_can_send_hides_nothing_of_what_the_platform_has_brought() {
        let mut refusals = Refusals::default();
        let now = Timestamp::from_millis(1);
        for _ in 0..1000 {
            refusals.next(BroughtBy::Anybody, now);
        }
        assert_eq!(refusals.next(BroughtBy::Anybody, now), None);
        assert_eq!(refusals.next(BroughtBy::Platform, now), Some(0));
    }
}
