//! Grants.

use std::time::Duration;

use countersign_domain::action::ActionKind;
use countersign_domain::digest::Digest;
use countersign_domain::grants::{Binding, Terms, Use, for_action, verify};
use countersign_domain::identity::Actor;
use countersign_domain::ids::GrantId;
use countersign_domain::signing::{Purpose, SigningKey};
use countersign_ports::store::{Change, IssuedGrant, SharedStore};

use super::samples::{at, id};
use super::{attempt, commit, missing, stale};

fn issued(number: u32) -> IssuedGrant {
    IssuedGrant {
        id: id("grant_", number),
        approval_id: Some(id("appr_", number)),
        expires_at: at(100),
        used_at: None,
        revoked_at: None,
    }
}

/// What only a verified grant gives. This one is good for an hour, whatever its row says.
fn use_of(grant: GrantId, seconds: u32) -> Change {
    let key = SigningKey::from_seed([1; 32]).unwrap();
    let binding = Binding {
        gateway: id("gw_", 1),
        kind: ActionKind::Exec,
        tool: "terminal".to_owned(),
        destination: "local:/".to_owned(),
        content: Digest::of(b"ls"),
        session: id("sess_", 1),
    };
    let ttl = Duration::from_hours(1);
    let claims = for_action(grant, &binding, (Terms::Exempt, Actor::System, None), (at(0), ttl));
    let token = key.sign(Purpose::Grant, &claims.to_json()).unwrap();
    let keys = [key.verifying_key().clone()].into_iter().collect();
    let verified = verify(&token, &keys, &binding, at(seconds)).unwrap();
    let (_, used): (_, Use) = verified.redeem(at(seconds));
    Change::UseGrant(used)
}

/// And says when.
pub async fn a_grant_is_used_once(store: SharedStore) {
    let grant = issued(1);
    commit(&*store, [Change::AddGrant(grant)]).await;
    assert_eq!(store.approvals().grant(grant.id).await, Ok(Some(grant)));
    assert_eq!(attempt(&*store, [Change::AddGrant(grant)]).await, stale(grant.id));
    commit(&*store, [use_of(grant.id, 5)]).await;
    let used = IssuedGrant { used_at: Some(at(5)), ..grant };
    assert_eq!(store.approvals().grant(grant.id).await, Ok(Some(used)));
    assert_eq!(attempt(&*store, [use_of(grant.id, 6)]).await, stale(grant.id));
    assert_eq!(attempt(&*store, [Change::RevokeGrant(grant.id, at(6))]).await, stale(grant.id));
    assert_eq!(store.approvals().grant(grant.id).await, Ok(Some(used)));
}

/// Whatever its signature says.
pub async fn a_grant_that_was_never_issued_is_good_for_nothing(store: SharedStore) {
    let unknown = id("grant_", 1);
    assert_eq!(store.approvals().grant(unknown).await, Ok(None));
    assert_eq!(attempt(&*store, [use_of(unknown, 5)]).await, missing(unknown));
    assert_eq!(attempt(&*store, [Change::RevokeGrant(unknown, at(5))]).await, missing(unknown));
}

/// And says when it was taken back.
pub async fn a_revoked_grant_is_good_for_nothing(store: SharedStore) {
    let grant = issued(1);
    commit(&*store, [Change::AddGrant(grant)]).await;
    commit(&*store, [Change::RevokeGrant(grant.id, at(4))]).await;
    assert_eq!(attempt(&*store, [use_of(grant.id, 5)]).await, stale(grant.id));
    let revoked = IssuedGrant { revoked_at: Some(at(4)), ..grant };
    assert_eq!(store.approvals().grant(grant.id).await, Ok(Some(revoked)));
}

/// Its row ends it, even if a token says otherwise.
pub async fn a_grant_is_not_used_after_its_end(store: SharedStore) {
    commit(&*store, [Change::AddGrant(issued(1)), Change::AddGrant(issued(2))]).await;
    commit(&*store, [use_of(id("grant_", 1), 99)]).await;
    let late = id("grant_", 2);
    assert_eq!(attempt(&*store, [use_of(late, 100)]).await, stale(late));
}

/// Each of many grants is wanted twice at one time; each is used once. `GRANT_DUELS` says how many,
/// 500 unless told.
pub async fn of_two_users_of_a_grant_exactly_one_wins(store: SharedStore) {
    let grants =
        std::env::var("GRANT_DUELS").ok().and_then(|text| text.parse().ok()).unwrap_or(500);
    commit(&*store, (1..=grants).map(|number| Change::AddGrant(issued(number)))).await;
    let duels: Vec<_> = (1..=grants)
        .flat_map(|number| [number, number])
        .map(|number| {
            let store = store.clone();
            tokio::spawn(async move { attempt(&*store, [use_of(id("grant_", number), 5)]).await })
        })
        .collect();
    let mut winners = 0;
    for duel in duels {
        winners += u32::from(duel.await.unwrap().is_ok());
    }
    assert_eq!(winners, grants);
}
