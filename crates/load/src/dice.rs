//! Chance that can be had again.

/// A small generator (xorshift64*): the same rolls for the same seed.
#[derive(Debug, Clone)]
pub(crate) struct Dice(u64);

impl Dice {
    /// The dice of `who` under `seed`. What one does is thereby independent of what others do.
    pub(crate) fn of(seed: u64, who: u64) -> Self {
        // The steps of splitmix64, so that neighbours have nothing in common.
        let mut mixed = seed ^ who.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        Self((mixed ^ (mixed >> 31)) | 1)
    }

    /// A number below `sides`.
    pub(crate) fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) % sides.max(1)
    }

    /// Whether something happens that happens once in `sides` times.
    pub(crate) fn one_in(&mut self, sides: u64) -> bool {
        self.roll(sides) == 0
    }

    /// One of `things`.
    pub(crate) fn pick<'t, T>(&mut self, things: &'t [T]) -> Option<&'t T> {
        let place = self.roll(u64::try_from(things.len()).unwrap_or(u64::MAX));
        things.get(usize::try_from(place).unwrap_or_default())
    }

    /// A number of milliseconds between the two.
    pub(crate) fn millis(&mut self, least: u64, most: u64) -> std::time::Duration {
        std::time::Duration::from_millis(least + self.roll(most.saturating_sub(least) + 1))
    }
}

#[cfg(test)]
mod tests {
    use super::Dice;

    #[test]
    fn the_same_seed_rolls_the_same_and_neighbours_differ() {
        let rolls = |seed, who| {
            let mut dice = Dice::of(seed, who);
            (0..20).map(|_| dice.roll(1000)).collect::<Vec<_>>()
        };
        assert_eq!(rolls(7, 1), rolls(7, 1));
        assert_ne!(rolls(7, 1), rolls(7, 2));
        assert_ne!(rolls(7, 1), rolls(8, 1));
    }

    #[test]
    fn every_thing_is_picked_in_time() {
        let mut dice = Dice::of(1, 1);
        let picked: std::collections::BTreeSet<_> =
            (0..200).filter_map(|_| dice.pick(&[1, 2, 3]).copied()).collect();
        assert_eq!(picked.len(), 3);
        assert!((0..100).all(|_| (5..=9).contains(&dice.millis(5, 9).as_millis())));
    }
}
