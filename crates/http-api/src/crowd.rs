//! How many requests of unknown senders one address may have at work: what holds many of them open
//! takes room from itself alone.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// So many of one address.
const MOST: usize = 128;

/// Who has how many at work.
#[derive(Debug, Clone, Default)]
pub(crate) struct Crowd(Arc<Mutex<BTreeMap<IpAddr, usize>>>);

/// Room for one request; given back when dropped.
#[derive(Debug)]
pub(crate) struct Place {
    crowd: Crowd,
    address: IpAddr,
}

impl Crowd {
    /// Room for one more request from `address`, if there is any.
    pub(crate) fn enter(&self, address: IpAddr) -> Option<Place> {
        let mut crowd = self.held();
        let here = crowd.entry(address).or_default();
        if *here >= MOST {
            return None;
        }
        *here += 1;
        Some(Place { crowd: self.clone(), address })
    }

    fn held(&self) -> MutexGuard<'_, BTreeMap<IpAddr, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut crowd = self.crowd.held();
        if let Some(here) = crowd.get_mut(&self.address) {
            *here = here.saturating_sub(1);
            if *here == 0 {
                crowd.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_holds_many_open_leaves_room_for_others() {
        let crowd = Crowd::default();
        let (one, other) = (IpAddr::from([192, 0, 2, 1]), IpAddr::from([192, 0, 2, 2]));
        let mut places: Vec<Place> = (0..MOST).map(|_| crowd.enter(one).unwrap()).collect();
        assert!(crowd.enter(one).is_none() && crowd.enter(other).is_some());
        places.pop();
        assert!(crowd.enter(one).is_some());
        drop(places);
        assert!(crowd.held().is_empty());
    }
}
