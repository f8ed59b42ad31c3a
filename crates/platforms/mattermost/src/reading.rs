//! How far one has read, and what came already. Pure, but for the time at which something that could
//! not be had is looked up again.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use tokio::time::Instant;

use crate::id::PostId;
use crate::wire::Post;

/// So many posts are known to have come, so that what is looked up is not brought again.
const REMEMBERED: usize = 4096;

/// How far one has read.
#[derive(Default)]
pub(crate) struct Reading {
    /// When the newest post was made, in the server's time.
    until: Option<i64>,
    /// From when on something is still to be looked up, which was not to be had, and when that is
    /// tried again.
    pub(crate) owed: Option<(i64, Instant)>,
    /// The same for what came and the gateway could not take, as long as nobody looks for it.
    lost: Option<(i64, Instant)>,
    /// When it was noted last.
    pub(crate) noted: Option<Instant>,
    /// What has come and was not given to the gateway yet, and when it was made.
    open: BTreeMap<PostId, i64>,
    order: VecDeque<PostId>,
    seen: BTreeSet<PostId>,
}

impl Reading {
    /// Everything before `until` was read.
    pub(crate) fn from(until: i64) -> Self {
        Self { until: Some(until), ..Self::default() }
    }

    /// From when on something may have been missed.
    pub(crate) fn since(&self) -> Option<i64> {
        let owed = self.owed.into_iter().chain(self.lost).map(|(since, _)| since).min();
        owed.or(self.until)
    }

    /// It is looked up now; from when on. What is lost meanwhile is looked up after that.
    pub(crate) fn look(&mut self) -> Option<i64> {
        let since = self.since()?;
        if let Some((_, again)) = self.lost.take() {
            self.owed = Some((since, again));
        }
        Some(since)
    }

    /// From when on another process would have to look: what is not given to the gateway is lost with
    /// this one.
    pub(crate) fn settled(&self) -> Option<i64> {
        let open = self.open.values().min().copied();
        self.since().map(|since| open.map_or(since, |open| since.min(open)))
    }

    /// Returns when what is owed is to be looked up again.
    pub(crate) async fn owed_again(&self) {
        match self.owed.into_iter().chain(self.lost).map(|(_, again)| again).min() {
            Some(again) => tokio::time::sleep_until(again).await,
            None => std::future::pending().await,
        }
    }

    /// Whether the post has not come yet; from now on it has.
    pub(crate) fn is_new(&mut self, post: &Post) -> bool {
        self.until = self.until.max(Some(post.create_at));
        if !self.seen.insert(post.id.clone()) {
            return false;
        }
        self.open.insert(post.id.clone(), post.create_at);
        self.order.push_back(post.id.clone());
        if self.order.len() > REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            self.seen.remove(&oldest);
        }
        true
    }

    /// The gateway could not take the post: it has not come, and is looked up again at `again`.
    pub(crate) fn lose(&mut self, post: &PostId, again: Instant) {
        self.seen.remove(post);
        if let Some(at) = self.open.remove(post) {
            let since = self.lost.map_or(at, |(since, _)| since.min(at));
            self.lost = Some((since, again));
        }
    }

    /// The post was given to the gateway.
    pub(crate) fn done(&mut self, post: &PostId) {
        self.open.remove(post);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn post(id: &str, at: i64) -> Post {
        let post = json!({"id": id, "user_id": "u", "channel_id": "c", "create_at": at});
        serde_json::from_value(post).unwrap()
    }

    #[test]
    fn what_is_not_given_away_yet_is_not_noted_as_read() {
        let mut reading = Reading::from(10);
        assert!(reading.is_new(&post("p1", 20)) && reading.is_new(&post("p2", 30)));
        assert!(!reading.is_new(&post("p1", 20)));
        assert_eq!((reading.since(), reading.settled()), (Some(30), Some(20)));
        reading.done(&post("p1", 20).id);
        assert_eq!(reading.settled(), Some(30));
        reading.owed = Some((5, Instant::now()));
        assert_eq!((reading.since(), reading.settled()), (Some(5), Some(5)));
    }

    #[tokio::test]
    async fn what_the_gateway_could_not_take_is_looked_up_and_comes_again() {
        let mut reading = Reading::from(10);
        assert!(reading.is_new(&post("p1", 20)) && reading.is_new(&post("p2", 30)));
        reading.lose(&post("p1", 20).id, Instant::now());
        reading.done(&post("p2", 30).id);
        assert_eq!((reading.since(), reading.settled()), (Some(20), Some(20)));
        reading.owed_again().await;
        assert_eq!(reading.look(), Some(20));
        // Whoever dies now has not read it.
        assert_eq!(reading.settled(), Some(20));
        assert!(reading.is_new(&post("p1", 20)) && !reading.is_new(&post("p2", 30)));
        reading.lose(&post("p1", 20).id, Instant::now());
        // That look has found everything; what was lost during it is owed still.
        reading.owed = None;
        assert_eq!((reading.since(), reading.settled()), (Some(20), Some(20)));
        assert_eq!(reading.look(), Some(20));
        assert!(reading.is_new(&post("p1", 20)));
        reading.done(&post("p1", 20).id);
        reading.owed = None;
        assert_eq!((reading.since(), reading.settled()), (Some(30), Some(30)));
    }
}
