//! Keys, sign-ins and remembered answers.

use std::time::Duration;

use countersign_domain::digest::Digest;
use countersign_ports::store::{
    ApiKey, Change, Conflicting, IdempotentAnswer, SharedStore, SignInLink, StoreError, WebSession,
};

use super::samples::{at, id, key, principal};
use super::{attempt, commit, missing, stale};

/// Whether or not it is still good; and all are listed newest first.
pub async fn a_key_is_found_by_its_secret(store: SharedStore) {
    commit(&*store, [Change::AddKey(key(1, "a")), Change::AddKey(key(2, "b"))]).await;
    let found = store.access().key_by_secret(key(1, "a").secret).await;
    assert_eq!(found, Ok(Some(key(1, "a"))));
    let found = store.access().key_by_secret(Digest::of(b"other")).await;
    assert_eq!(found, Ok(None));
    assert_eq!(store.access().keys().await, Ok(vec![key(2, "b"), key(1, "a")]));
    let same = attempt(&*store, [Change::AddKey(key(1, "c"))]).await;
    assert_eq!(same, stale(key(1, "c").id));
}

/// Once the key is taken back, its name is free.
pub async fn a_name_is_taken_by_one_living_key(store: SharedStore) {
    commit(&*store, [Change::AddKey(key(1, "ci"))]).await;
    let refused = attempt(&*store, [Change::AddKey(key(2, "ci"))]).await;
    let taken = StoreError::Conflict(Conflicting::KeyName("ci".to_owned()));
    assert_eq!(refused, Err(taken));
    commit(&*store, [Change::RevokeKey(id("key_", 1), at(5))]).await;
    commit(&*store, [Change::AddKey(key(2, "ci"))]).await;
    assert_eq!(store.access().keys().await.unwrap().len(), 2);
}

/// Taking it back again does nothing.
pub async fn a_revoked_key_keeps_its_first_end(store: SharedStore) {
    commit(&*store, [Change::AddKey(key(1, "ci"))]).await;
    for seconds in [5, 6] {
        commit(&*store, [Change::RevokeKey(id("key_", 1), at(seconds))]).await;
    }
    let revoked = ApiKey { revoked_at: Some(at(5)), ..key(1, "ci") };
    assert_eq!(store.access().keys().await, Ok(vec![revoked]));
    let refused = attempt(&*store, [Change::RevokeKey(id("key_", 9), at(5))]).await;
    assert_eq!(refused, missing(key(9, "x").id));
}

/// What was used later stays so, and what was taken back keeps to that.
pub async fn a_key_knows_when_it_was_used_last(store: SharedStore) {
    commit(&*store, [Change::AddKey(key(1, "ci")), Change::AddKey(key(2, "old"))]).await;
    for seconds in [5, 9, 7] {
        commit(&*store, [Change::UseKey(id("key_", 1), at(seconds))]).await;
    }
    let used = ApiKey { last_used_at: Some(at(9)), ..key(1, "ci") };
    assert_eq!(store.access().key_by_secret(used.secret).await, Ok(Some(used)));
    let both = [Change::RevokeKey(id("key_", 2), at(5)), Change::UseKey(id("key_", 2), at(6))];
    commit(&*store, both).await;
    let revoked = ApiKey { revoked_at: Some(at(5)), ..key(2, "old") };
    assert_eq!(store.access().key_by_secret(revoked.secret).await, Ok(Some(revoked)));
    let refused = attempt(&*store, [Change::UseKey(id("key_", 9), at(5))]).await;
    assert_eq!(refused, missing(key(9, "x").id));
}

/// And not after its end, nor if it never was.
pub async fn a_sign_in_link_is_used_once(store: SharedStore) {
    let link = |name: &str| SignInLink { token: Digest::of(name.as_bytes()), expires_at: at(100) };
    let refused = Err(StoreError::Conflict(Conflicting::SignInLink));
    let links = [Change::AddSignInLink(link("a")), Change::AddSignInLink(link("b"))];
    commit(&*store, links).await;
    let used = |name, seconds| [Change::UseSignInLink(link(name).token, at(seconds))];
    commit(&*store, used("a", 99)).await;
    assert_eq!(attempt(&*store, used("a", 99)).await, refused);
    assert_eq!(attempt(&*store, used("b", 100)).await, refused);
    assert_eq!(attempt(&*store, used("c", 1)).await, refused);
}

/// Signing out twice is no mistake.
pub async fn a_sign_in_ends_when_removed(store: SharedStore) {
    let signed_in =
        WebSession { id: id("web_", 1), token: Digest::of(b"cookie"), expires_at: at(100) };
    commit(&*store, [Change::AddWebSession(signed_in.clone())]).await;
    let again = attempt(&*store, [Change::AddWebSession(signed_in.clone())]).await;
    assert_eq!(again, stale(signed_in.id));
    let found = store.access().web_session(signed_in.token).await;
    assert_eq!(found, Ok(Some(signed_in.clone())));
    for _ in 0..2 {
        commit(&*store, [Change::RemoveWebSession(signed_in.id)]).await;
    }
    assert_eq!(store.access().web_session(signed_in.token).await, Ok(None));
}

const DAY: Duration = Duration::from_hours(24);

/// An answer given so many seconds after the fixed instant.
fn answer(caller: &str, body: &str, given: u32) -> IdempotentAnswer {
    IdempotentAnswer {
        caller: principal(caller),
        key: "order-1".to_owned(),
        request: Digest::of(body.as_bytes()),
        status: 202,
        body: body.to_owned(),
        expires_at: at(given).after(DAY),
    }
}

/// The same key of another caller is another key.
pub async fn an_answer_is_remembered_per_caller(store: SharedStore) {
    let (first, other) = (answer("api:a", "1", 0), answer("api:b", "2", 0));
    let unit = [first.clone(), other.clone()].map(Change::Remember);
    commit(&*store, unit).await;
    for written in [first, other] {
        let found = store.access().remembered(&written.caller, &written.key).await;
        assert_eq!(found, Ok(Some(written)));
    }
    let found = store.access().remembered(&principal("api:a"), "order-2").await;
    assert_eq!(found, Ok(None));
    let refused = attempt(&*store, [Change::Remember(answer("api:a", "3", 1))]).await;
    let taken = Conflicting::IdempotencyKey("order-1".to_owned());
    assert_eq!(refused, Err(StoreError::Conflict(taken)));
}

/// Even if nobody has forgotten it yet.
pub async fn an_answer_that_ran_out_is_replaced(store: SharedStore) {
    let day = u32::try_from(DAY.as_secs()).unwrap_or(u32::MAX);
    commit(&*store, [Change::Remember(answer("api:a", "old", 0))]).await;
    let early = attempt(&*store, [Change::Remember(answer("api:a", "new", day - 1))]).await;
    assert!(matches!(early, Err(StoreError::Conflict(_))), "{early:?}");
    let new = answer("api:a", "new", day);
    commit(&*store, [Change::Remember(new.clone())]).await;
    let found = store.access().remembered(&new.caller, &new.key).await;
    assert_eq!(found, Ok(Some(new)));
}

/// And what has not is kept.
pub async fn what_ran_out_is_forgotten(store: SharedStore) {
    let signed_in = |number: u32| WebSession {
        id: id("web_", number),
        token: Digest::of(&number.to_be_bytes()),
        expires_at: at(number),
    };
    let link = |number: u32| SignInLink { token: signed_in(number).token, expires_at: at(number) };
    let mut changes = vec![
        Change::Remember(answer("api:a", "1", 100)),
        Change::Remember(answer("api:b", "2", 101)),
    ];
    changes.extend([100, 101].map(|n| Change::AddWebSession(signed_in(n))));
    changes.extend([100, 101].map(|n| Change::AddSignInLink(link(n))));
    commit(&*store, changes).await;
    commit(&*store, [Change::Forget(at(101))]).await;
    let found = store.access().web_session(signed_in(100).token).await;
    assert_eq!(found, Ok(None));
    let found = store.access().web_session(signed_in(101).token).await;
    assert_eq!(found, Ok(Some(signed_in(101))));
    let used = |number| [Change::UseSignInLink(link(number).token, at(1))];
    assert!(attempt(&*store, used(100)).await.is_err());
    commit(&*store, used(101)).await;
    commit(&*store, [Change::Forget(at(101).after(DAY))]).await;
    let found = store.access().remembered(&principal("api:a"), "order-1").await;
    assert_eq!(found, Ok(None));
    let found = store.access().remembered(&principal("api:b"), "order-1").await;
    assert!(found.unwrap().is_some());
}
