//! Whose turn it is: what comes from one channel is taken in its order, and channels beside each
//! other, so that a slow one holds up nobody else. Pure.

use std::collections::{BTreeMap, VecDeque};

use crate::id::ChannelId;

/// From so many channels something is taken at once.
const AT_ONCE: usize = 16;

/// What waits, by channel.
#[derive(Debug)]
pub(crate) struct Lines<T> {
    /// What waits behind something of the same channel; a channel is here while something of it is
    /// at work or ready.
    behind: BTreeMap<ChannelId, VecDeque<T>>,
    /// What is next in its channel.
    ready: VecDeque<(ChannelId, T)>,
    at_work: usize,
    held: usize,
}

impl<T> Default for Lines<T> {
    fn default() -> Self {
        Self { behind: BTreeMap::new(), ready: VecDeque::new(), at_work: 0, held: 0 }
    }
}

impl<T> Lines<T> {
    /// Something has come from `channel`.
    pub(crate) fn push(&mut self, channel: &ChannelId, thing: T) {
        self.held += 1;
        if let Some(behind) = self.behind.get_mut(channel) {
            behind.push_back(thing);
        } else {
            self.behind.insert(channel.clone(), VecDeque::new());
            self.ready.push_back((channel.clone(), thing));
        }
    }

    /// The next thing that may be begun; it is at work until [`Self::done`].
    pub(crate) fn begin(&mut self) -> Option<(ChannelId, T)> {
        let next = if self.at_work < AT_ONCE { self.ready.pop_front() } else { None };
        self.at_work += usize::from(next.is_some());
        next
    }

    /// What was begun from `channel` is done.
    pub(crate) fn done(&mut self, channel: &ChannelId) {
        self.at_work = self.at_work.saturating_sub(1);
        self.held = self.held.saturating_sub(1);
        match self.behind.get_mut(channel).and_then(VecDeque::pop_front) {
            Some(next) => self.ready.push_back((channel.clone(), next)),
            None => drop(self.behind.remove(channel)),
        }
    }

    /// How much has come and is not done.
    pub(crate) const fn held(&self) -> usize {
        self.held
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn channel(number: u8) -> ChannelId {
        format!("c{number}").parse().unwrap()
    }

    #[test]
    fn a_channel_at_work_holds_up_itself_and_nobody_else() {
        let mut lines = Lines::default();
        for (number, thing) in [(1, "a"), (1, "b"), (2, "c")] {
            lines.push(&channel(number), thing);
        }
        assert_eq!(lines.begin(), Some((channel(1), "a")));
        assert_eq!(lines.begin(), Some((channel(2), "c")));
        assert_eq!(lines.begin(), None);
        lines.done(&channel(1));
        assert_eq!(lines.begin(), Some((channel(1), "b")));
        lines.done(&channel(1));
        lines.done(&channel(2));
        assert_eq!((lines.begin(), lines.held()), (None, 0));
        lines.push(&channel(1), "d");
        assert_eq!(lines.begin(), Some((channel(1), "d")));
    }

    proptest! {
        /// Whatever ends first: each channel's things are begun in the order in which they came, one
        /// at a time, no more at once than may be, and none is lost.
        #[test]
        fn order_is_kept_within_channels_and_nothing_is_lost(
            pushed in proptest::collection::vec(0_u8..30, 0..200),
            ends in proptest::collection::vec(any::<prop::sample::Index>(), 200),
        ) {
            let mut lines = Lines::default();
            for (thing, number) in pushed.iter().enumerate() {
                lines.push(&channel(*number), thing);
            }
            let (mut working, mut begun): (Vec<ChannelId>, Vec<(ChannelId, usize)>) = Default::default();
            let mut ends = ends.into_iter();
            loop {
                while let Some((channel, thing)) = lines.begin() {
                    prop_assert!(!working.contains(&channel));
                    working.push(channel.clone());
                    begun.push((channel, thing));
                }
                prop_assert!(working.len() <= AT_ONCE);
                if working.is_empty() {
                    break;
                }
                let ended = working.swap_remove(ends.next().unwrap().index(working.len()));
                lines.done(&ended);
            }
            prop_assert_eq!((begun.len(), lines.held()), (pushed.len(), 0));
            for number in 0..30 {
                let of: Vec<usize> =
                    begun.iter().filter(|(one, _)| *one == channel(number)).map(|(_, n)| *n).collect();
                prop_assert!(of.is_sorted());
            }
        }
    }
}
