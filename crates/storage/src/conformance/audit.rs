//! The chain of the audit log, and searching it.

use countersign_domain::audit::verify::Verifier;
use countersign_domain::audit::{AuditKind, AuditRecord, Head, SealedRecord};
use countersign_domain::identity::Actor;
use countersign_ports::store::{AuditFilter, Change, PageRequest, SharedStore};

use super::samples::{at, audit, id};
use super::{attempt, commit};

fn line(subject: &str) -> Change {
    Change::AddAudit(Box::new(audit(subject)))
}

async fn all(store: &SharedStore) -> Vec<SealedRecord> {
    store.access().audit(0, usize::MAX).await.unwrap()
}

/// Checks the chain as whoever gets an export does.
fn check(lines: &[SealedRecord]) {
    let mut verifier = Verifier::new(None);
    for line in lines {
        verifier.line(&line.line().unwrap()).unwrap();
    }
    let report = verifier.finish(&[]).unwrap();
    assert_eq!(report.records, u64::try_from(lines.len()).unwrap());
}

/// And the head is the last one.
pub async fn every_line_holds_the_hash_of_the_line_before(store: SharedStore) {
    assert_eq!(store.audit().head().await, Ok(Head::EMPTY));
    for subject in ["a", "b", "\u{1f600} \"c\"\n"] {
        commit(&*store, [line(subject)]).await;
    }
    let lines = all(&store).await;
    check(&lines);
    assert_eq!(lines[0].prev, Head::EMPTY.hash);
    assert_eq!(lines[1].prev, lines[0].hash);
    assert_eq!(lines[2].record, audit("\u{1f600} \"c\"\n"));
    assert_eq!(store.audit().head().await, Ok(lines[2].head()));
    let hashes: Vec<_> = lines.iter().map(|line| line.hash).collect();
    assert_eq!(store.audit().hashes(0, 9).await, Ok(hashes.clone()));
    assert_eq!(store.audit().hashes(1, 1).await, Ok(hashes[1..2].to_vec()));
}

/// The next line follows the last one that was kept.
pub async fn a_refused_unit_leaves_no_link(store: SharedStore) {
    commit(&*store, [line("a")]).await;
    let refused = [line("lost"), Change::RemoveRule(id("rule_", 1))];
    assert!(attempt(&*store, refused).await.is_err());
    commit(&*store, [line("b")]).await;
    let lines = all(&store).await;
    assert_eq!(lines.len(), 2);
    check(&lines);
}

/// In the order in which the unit names them.
pub async fn lines_of_one_unit_follow_each_other(store: SharedStore) {
    commit(&*store, ["a", "b", "c"].map(line)).await;
    let lines = all(&store).await;
    let subjects: Vec<_> = lines.iter().map(|line| line.record.subject.as_str()).collect();
    assert_eq!(subjects, ["a", "b", "c"]);
    check(&lines);
}

/// However many write at once, and however many of them are refused.
pub async fn the_chain_holds_under_concurrency(store: SharedStore) {
    let writers: Vec<_> = (0..16_u32)
        .map(|writer| {
            let store = store.clone();
            tokio::spawn(async move {
                for number in 0..10 {
                    let mut unit = vec![line(&format!("{writer}/{number}"))];
                    if number % 3 == 0 {
                        unit.push(Change::RemoveRule(id("rule_", 1)));
                    }
                    assert_eq!(attempt(&*store, unit).await.is_ok(), number % 3 != 0);
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    let lines = all(&store).await;
    assert_eq!(lines.len(), 16 * 6);
    check(&lines);
}

fn of(number: u32) -> AuditRecord {
    let mut record = audit(&format!("appr_{}", number % 3));
    record.at = at(number);
    record.kind = if number.is_multiple_of(2) { AuditKind::RunStarted } else { record.kind };
    record.actor = if number.is_multiple_of(5) { Actor::System } else { record.actor };
    record
}

async fn filled(store: &SharedStore) -> Vec<SealedRecord> {
    // One clock was set back: numbers are not in the order of times.
    let lines = (0..40).map(|number| of(if number == 20 { 3 } else { number }));
    commit(&**store, lines.map(|record| Change::AddAudit(Box::new(record)))).await;
    all(store).await
}

fn lets_through(filter: &AuditFilter, line: &SealedRecord) -> bool {
    let record = &line.record;
    filter.kind.is_none_or(|kind| record.kind == kind)
        && filter.subject.as_ref().is_none_or(|subject| record.subject == *subject)
        && filter.actor.as_ref().is_none_or(|actor| record.actor == *actor)
        && filter.since.is_none_or(|since| record.at >= since)
        && filter.until.is_none_or(|until| record.at < until)
}

/// Alone and together, both ways.
pub async fn lines_are_filtered_by_every_choice_of_conditions(store: SharedStore) {
    let lines = filled(&store).await;
    for choice in 0..32_u32 {
        let chosen = |bit: u32| choice >> bit & 1 == 1;
        let filter = AuditFilter {
            kind: chosen(0).then_some(AuditKind::RunStarted),
            subject: chosen(1).then(|| "appr_1".to_owned()),
            actor: chosen(2).then_some(Actor::System),
            since: chosen(3).then_some(at(3)),
            until: chosen(4).then_some(at(33)),
        };
        let wanted: Vec<_> =
            lines.iter().filter(|line| lets_through(&filter, line)).cloned().collect();
        let found = store.audit().following(filter.clone(), 0, 100).await.unwrap();
        assert_eq!(found, wanted, "{filter:?}");
        let request = PageRequest { before: None, limit: 100 };
        let mut found = store.audit().page(filter.clone(), request).await.unwrap().items;
        found.reverse();
        assert_eq!(found, wanted, "{filter:?}");
    }
}

/// Page after page shows each line once.
pub async fn pages_of_lines_are_newest_first(store: SharedStore) {
    let mut lines = filled(&store).await;
    lines.reverse();
    let mut found = Vec::new();
    let mut before = None;
    loop {
        let request = PageRequest { before, limit: 7 };
        let page = store.audit().page(AuditFilter::default(), request).await.unwrap();
        assert!(page.items.len() <= 7);
        found.extend(page.items);
        before = page.next;
        if before.is_none() {
            break;
        }
    }
    assert_eq!(found, lines);
}
