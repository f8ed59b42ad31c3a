//! Rules.

use countersign_domain::approvals::{Rule, RuleScope};
use countersign_ports::store::{Change, SharedStore};

use super::samples::{at, id, rule};
use super::{attempt, commit, missing, stale};

fn add(rule: &Rule) -> Change {
    Change::AddRule(Box::new(rule.clone()))
}

fn of_session(number: u32) -> RuleScope {
    RuleScope::Session { session_id: id("sess_", number) }
}

/// Nothing is lost or changed on the way.
pub async fn a_rule_reads_back_as_written(store: SharedStore) {
    let written = rule(1, of_session(1), Some(at(100)));
    commit(&*store, [add(&written)]).await;
    let found = store.approvals().rule(written.id).await;
    assert_eq!(found, Ok(Some(written.clone())));
    assert_eq!(attempt(&*store, [add(&written)]).await, stale(written.id));
}

/// Oldest first, and nothing of other sessions.
pub async fn a_session_has_its_own_rules_and_the_persistent_ones(store: SharedStore) {
    let rules = [
        rule(1, of_session(1), Some(at(100))),
        rule(2, RuleScope::Always, None),
        rule(3, of_session(2), None),
        rule(4, of_session(1), None),
    ];
    commit(&*store, rules.iter().map(add)).await;
    let [first, second, third, fourth] = rules;
    let found = store.approvals().rules_for(id("sess_", 1), at(50)).await;
    assert_eq!(found, Ok(vec![first.clone(), second.clone(), fourth.clone()]));
    let found = store.approvals().rules_for(id("sess_", 9), at(50)).await;
    assert_eq!(found, Ok(vec![second.clone()]));
    let found = store.approvals().rules(at(50)).await;
    assert_eq!(found, Ok(vec![fourth, third, second, first]));
}

/// At its end a rule is over, as in the domain.
pub async fn rules_that_ran_out_are_not_in_force(store: SharedStore) {
    let ending = rule(1, of_session(1), Some(at(100)));
    commit(&*store, [add(&ending)]).await;
    for (now, in_force) in [(at(99), true), (at(100), false), (at(101), false)] {
        assert_eq!(ending.in_force(Some(id("sess_", 1)), now), in_force);
        let found = store.approvals().rules_for(id("sess_", 1), now).await.unwrap();
        assert_eq!(found.len(), usize::from(in_force));
        let found = store.approvals().rules(now).await.unwrap();
        assert_eq!(found.len(), usize::from(in_force));
    }
    // It can still be looked up: an approval may name it.
    let found = store.approvals().rule(ending.id).await;
    assert_eq!(found, Ok(Some(ending)));
}

/// And notes when.
pub async fn using_a_rule_counts_it(store: SharedStore) {
    let written = rule(1, RuleScope::Always, None);
    commit(&*store, [add(&written)]).await;
    let used = |seconds| Change::UseRule(id("rule_", 1), at(seconds));
    commit(&*store, [used(5)]).await;
    commit(&*store, [used(6), used(7)]).await;
    let expected = Rule { uses: 3, last_used_at: Some(at(7)), ..written };
    let found = store.approvals().rule(expected.id).await;
    assert_eq!(found, Ok(Some(expected)));
}

/// So an action that counted on it does not run.
pub async fn a_removed_rule_cannot_be_used(store: SharedStore) {
    let written = rule(1, RuleScope::Always, None);
    commit(&*store, [add(&written)]).await;
    commit(&*store, [Change::RemoveRule(written.id)]).await;
    let refused = attempt(&*store, [Change::UseRule(written.id, at(5))]).await;
    assert_eq!(refused, stale(written.id));
    let refused = attempt(&*store, [Change::RemoveRule(written.id)]).await;
    assert_eq!(refused, missing(written.id));
    assert_eq!(store.approvals().rules(at(0)).await, Ok(vec![]));
}
