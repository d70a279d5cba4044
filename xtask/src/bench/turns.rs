//! Doing several things in turn, again and again, so that whatever slows the machine down slows all of them down.

use std::time::Duration;

use anyhow::{Context, Result};

use super::samples::Samples;

/// Rounds that are done first and not counted.
const WARMING: usize = 3;

/// Something that is done once a round and says how long it took.
pub(super) struct Contender<'a> {
    pub(super) what: String,
    work: Box<dyn FnMut() -> Result<Duration> + 'a>,
}

impl<'a> Contender<'a> {
    pub(super) fn new(what: impl Into<String>, work: impl FnMut() -> Result<Duration> + 'a) -> Self {
        Self { what: what.into(), work: Box::new(work) }
    }
}

/// Who begins a round.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    /// Always the first: what comes later builds on what came before.
    Fixed,
    /// Another one each round: nobody is always behind the same neighbour.
    Rotating,
}

/// Does everything once a round and returns how long each took, in the order of the contenders.
pub(super) fn take_turns(rounds: usize, order: Order, contenders: &mut [Contender<'_>]) -> Result<Vec<Samples>> {
    let mut took = vec![Vec::with_capacity(rounds); contenders.len()];
    for round in 0..WARMING + rounds {
        for place in 0..contenders.len() {
            let index = if order == Order::Fixed { place } else { (place + round) % contenders.len() };
            let contender = &mut contenders[index];
            let time = (contender.work)().with_context(|| format!("cannot measure `{}`", contender.what))?;
            took[index].extend((round >= WARMING).then_some(time));
        }
    }
    Ok(took.iter().map(|rounds| Samples::of(rounds)).collect())
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    /// Returns who worked in which order, and how many rounds were counted.
    fn watch(rounds: usize, order: Order) -> (String, usize) {
        let seen = RefCell::new(String::new());
        let note = |name: char| {
            seen.borrow_mut().push(name);
            Ok(Duration::ZERO)
        };
        let mut contenders = [Contender::new("a", || note('a')), Contender::new("b", || note('b'))];
        let counted = take_turns(rounds, order, &mut contenders).unwrap().iter().map(Samples::count).sum();
        drop(contenders);
        (seen.into_inner(), counted)
    }

    #[test]
    fn warming_up_is_not_counted() {
        assert_eq!(watch(1, Order::Fixed), ("abababab".to_owned(), 2));
    }

    #[test]
    fn the_first_place_goes_around() {
        assert_eq!(watch(1, Order::Rotating), ("abbaabba".to_owned(), 2));
    }

    #[test]
    fn a_failure_names_what_failed() {
        let mut contenders = [Contender::new("broken", || anyhow::bail!("no luck"))];
        let error = take_turns(1, Order::Fixed, &mut contenders).err().unwrap();
        assert_eq!(format!("{error:#}"), "cannot measure `broken`: no luck");
    }
}
