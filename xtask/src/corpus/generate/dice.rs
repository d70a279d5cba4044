//! Chance that can be repeated: the same seed throws the same, on every machine and in every version.

/// Numbers that follow from a seed (xoshiro256++, begun with splitmix64).
pub(super) struct Dice([u64; 4]);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        let mut at = seed;
        Self(std::array::from_fn(|_| splitmix(&mut at)))
    }

    pub(super) fn bits(&mut self) -> u64 {
        let [a, b, c, d] = self.0;
        let thrown = a.wrapping_add(d).rotate_left(23).wrapping_add(a);
        let (c, d) = (c ^ a, d ^ b);
        self.0 = [a ^ d, b ^ c, c ^ (b << 17), d.rotate_left(45)];
        thrown
    }

    /// Returns a number from 0 to just below 1.
    pub(super) fn share(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1_u64 << 53) as f64
    }

    pub(super) fn chance(&mut self, of_one: f64) -> bool {
        self.share() < of_one
    }

    /// Returns a number below the limit, which is not 0.
    pub(super) fn below(&mut self, limit: usize) -> usize {
        ((u128::from(self.bits()) * limit as u128) >> 64) as usize
    }

    /// Returns a number between the two, both included.
    pub(super) fn between(&mut self, least: u64, most: u64) -> u64 {
        least + self.below((most - least + 1) as usize) as u64
    }

    pub(super) fn pick<'t, T>(&mut self, from: &'t [T]) -> &'t T {
        &from[self.below(from.len())]
    }

    /// Picks by weights.
    pub(super) fn weighed<T: Copy>(&mut self, from: &[(T, usize)]) -> T {
        let mut left = self.below(from.iter().map(|(_, weight)| weight).sum());
        let chosen = from.iter().find(|(_, weight)| {
            let is_here = left < *weight;
            left = left.saturating_sub(*weight);
            is_here
        });
        chosen.map_or(from[0].0, |(what, _)| *what)
    }

    /// Returns a waiting time: short ones often, long ones seldom.
    pub(super) fn waiting(&mut self, mean: f64) -> f64 {
        -mean * (1.0 - self.share()).ln()
    }

    /// Returns a size as sizes are in the wild: log-normal around the median, cut at both ends.
    pub(super) fn size(&mut self, median: f64, sigma: f64, least: usize, most: usize) -> usize {
        // The sum of twelve shares is near enough to a bell curve.
        let bell = (0..12).map(|_| self.share()).sum::<f64>() - 6.0;
        ((median * (sigma * bell).exp()) as usize).clamp(least, most)
    }

    /// Returns that many hexadecimal digits.
    pub(super) fn hex(&mut self, digits: usize) -> String {
        self.letters(b"0123456789abcdef", digits)
    }

    /// Returns that many letters of an alphabet.
    pub(super) fn letters(&mut self, alphabet: &[u8], count: usize) -> String {
        (0..count).map(|_| char::from(*self.pick(alphabet))).collect()
    }

    /// Returns a UUID of version 4.
    pub(super) fn uuid(&mut self) -> String {
        let (high, low) = (self.bits(), self.bits());
        format!("{:08x}-{:04x}-4{:03x}-a{:03x}-{:012x}", high >> 32, high >> 16 & 0xffff, high & 0xfff, low >> 52, low & 0xffff_ffff_ffff)
    }
}

fn splitmix(at: &mut u64) -> u64 {
    *at = at.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mixed = (*at ^ (*at >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_throws_the_same() {
        let throws = |seed| (0..4).map(move |_| 0).scan(Dice::new(seed), |dice, _: u8| Some(dice.bits())).collect::<Vec<_>>();
        assert_eq!(throws(1), throws(1));
        assert_ne!(throws(1), throws(2));
    }

    #[test]
    fn numbers_stay_between_their_ends() {
        let mut dice = Dice::new(3);
        let thrown: Vec<_> = (0..1_000).map(|_| dice.between(4, 6)).collect();
        assert!((4..=6).all(|number| thrown.contains(&number)) && thrown.iter().all(|number| (4..=6).contains(number)));
    }

    #[test]
    fn what_weighs_nothing_is_never_picked() {
        let mut dice = Dice::new(3);
        assert!((0..1_000).all(|_| dice.weighed(&[('a', 2), ('b', 0), ('c', 1)]) != 'b'));
    }

    #[test]
    fn half_of_the_sizes_are_below_the_median() {
        let mut dice = Dice::new(3);
        let below = (0..10_000).filter(|_| dice.size(1_000.0, 1.0, 10, 100_000) < 1_000).count();
        assert!((4_700..5_300).contains(&below), "{below}");
    }

    #[test]
    fn a_uuid_looks_like_one() {
        let uuid = Dice::new(3).uuid();
        assert_eq!((uuid.len(), &uuid[14..15], &uuid[19..20]), (36, "4", "a"));
    }
}
