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

/// Anybody can send such things: so many of them at most are written down in each span.
const MOST: u32 = 60;

/// That span.
const SPAN: Duration = Duration::from_mins(1);

/// How many were noted in the span that began then, and how many were not.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Refusals {
    since: Option<Timestamp>,
    noted: u32,
    left_out: u64,
}

impl Refusals {
    /// How many were left out before, if this one is to be noted.
    fn next(&mut self, now: Timestamp) -> Option<u64> {
        if self.since.is_none_or(|since| now.since(since) >= SPAN) {
            (self.since, self.noted) = (Some(now), 0);
        }
        if self.noted >= MOST {
            self.left_out += 1;
            return None;
        }
        self.noted += 1;
        Some(std::mem::take(&mut self.left_out))
    }
}

impl Gateway {
    /// Something that was brought had no effect, because it is not believed.
    pub(super) async fn note_refused(&self, refused: RefusedCallback) {
        let now = self.clock.now();
        let Some(left_out) = held(&self.chats.refusals).next(now) else {
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
        let mut refusals = Refusals::default();
        let now = Timestamp::from_millis(1);
        let noted = (0..1000).filter(|_| refusals.next(now).is_some()).count();
        assert_eq!(noted, 60);
        assert_eq!(refusals.next(now.after(SPAN)), Some(940));
        assert_eq!(refusals.next(now.after(SPAN)), Some(0));
    }
}
