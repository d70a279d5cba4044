//! Drawing ids: exclusively, within the turn that uses them; drawn again when taken, then lengthened.

use session::{EntryId, IdError, Moment, Prefix, SessionId, WorkId, suffix_length};
use store::{Reads, StoreError, Turn};
use uuid::Uuid;

use crate::Dice;

const ALPHABET: &[u8; 36] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";

/// Why no id could be drawn.
#[derive(Debug, thiserror::Error)]
pub enum NamingError {
    /// Every draw was taken.
    #[error("no free id for `{prefix}` at {at}; the random source gives the same numbers again and again")]
    Exhausted {
        /// The wanted type.
        prefix: Prefix,
        /// The wanted time.
        at: Moment,
    },
    /// The time has no place in an id.
    #[error("the time {at} has no place in an id")]
    Time {
        /// The wanted time.
        at: Moment,
        /// Why.
        source: IdError,
    },
    /// The store could not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Draws a free session id for the local time `at`.
pub(crate) fn draw_session_id(turn: &mut dyn Turn, dice: &mut dyn Dice, prefix: &Prefix, at: Moment) -> Result<SessionId, NamingError> {
    draw(dice, prefix, at, |suffix| {
        let id = SessionId::compose(prefix, at.local(), suffix).map_err(|source| NamingError::Time { at, source })?;
        Ok((!turn.has_session_id(&id)?).then_some(id))
    })
}

/// Draws a free work item id for the local time `at`.
pub(crate) fn draw_work_id(reads: &dyn Reads, dice: &mut dyn Dice, prefix: &Prefix, at: Moment) -> Result<WorkId, NamingError> {
    draw(dice, prefix, at, |suffix| {
        let id = WorkId::compose(prefix, at.local(), suffix).map_err(|source| NamingError::Time { at, source })?;
        Ok(reads.work_item_by_id(&id)?.is_none().then_some(id))
    })
}

/// Draws a free entry id for the local time `at`.
pub(crate) fn draw_entry_id(reads: &dyn Reads, dice: &mut dyn Dice, prefix: &Prefix, at: Moment) -> Result<EntryId, NamingError> {
    draw(dice, prefix, at, |suffix| {
        let id = EntryId::compose(prefix, at.local(), suffix).map_err(|source| NamingError::Time { at, source })?;
        Ok(reads.entries_by_prefix(id.as_str(), 1)?.is_empty().then_some(id))
    })
}

fn draw<T>(
    dice: &mut dyn Dice,
    prefix: &Prefix,
    at: Moment,
    mut take: impl FnMut(&str) -> Result<Option<T>, NamingError>,
) -> Result<T, NamingError> {
    for length in (0..).map_while(suffix_length) {
        if let Some(free) = take(&suffix(dice, length))? {
            return Ok(free);
        }
    }
    Err(NamingError::Exhausted { prefix: prefix.clone(), at })
}

fn suffix(dice: &mut dyn Dice, length: usize) -> String {
    let mut thrown = [0_u8; session::SUFFIX_MAX * 4];
    let thrown = &mut thrown[..length * 4];
    dice.fill(thrown);
    let letter = |four: &[u8]| {
        let number = four.iter().fold(0_u64, |sum, &byte| sum << 8 | u64::from(byte));
        char::from(ALPHABET[(number % 36) as usize])
    };
    thrown.chunks_exact(4).map(letter).collect()
}

/// Draws a UUIDv7 for the instant.
pub(crate) fn draw_uuid(dice: &mut dyn Dice, at: Moment) -> Uuid {
    let mut thrown = [0_u8; 10];
    dice.fill(&mut thrown);
    uuid_v7(at, thrown)
}

/// Derives a UUIDv7 for the instant from a name, the same one every time.
pub(crate) fn derive_uuid(name: &str, at: Moment) -> Uuid {
    const OURS: Uuid = Uuid::from_u128(0x7275_7474_6572_4000_8000_6279_2d6e_616d);
    let hashed = Uuid::new_v5(&OURS, name.as_bytes()).into_bytes();
    let mut ten = [0; 10];
    // The version and variant bits of the hash are fixed; take bytes around them.
    ten.iter_mut().zip(hashed[..6].iter().chain(&hashed[9..13])).for_each(|(to, from)| *to = *from);
    uuid_v7(at, ten)
}

fn uuid_v7(at: Moment, ten: [u8; 10]) -> Uuid {
    let millis = u64::try_from(at.timestamp().as_millisecond()).unwrap_or(0);
    uuid::Builder::from_unix_timestamp_millis(millis, &ten).into_uuid()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SystemDice;

    #[test]
    fn d8_a_second_whose_short_ids_are_all_taken_gives_longer_ones() {
        let at = Moment::from_micros(1_771_259_403_123_456, 3_600).unwrap();
        let takes_five = |suffix: &str| Ok((suffix.len() > 4).then(|| suffix.to_owned()));
        assert_eq!(draw(&mut SystemDice, &Prefix::session(), at, takes_five).unwrap().len(), 5);
        let takes_none = |_: &str| Ok(None::<()>);
        assert!(matches!(draw(&mut SystemDice, &Prefix::session(), at, takes_none), Err(NamingError::Exhausted { .. })));
    }

    #[test]
    fn a_derived_key_is_the_same_every_time_and_sorts_by_its_instant() {
        let at = |micros| Moment::from_micros(micros, 0).unwrap();
        let one = derive_uuid("a", at(1_771_259_403_000_000));
        assert_eq!((one, one.get_version_num()), (derive_uuid("a", at(1_771_259_403_000_000)), 7));
        assert!(one < derive_uuid("a", at(1_771_259_404_000_000)));
        assert_ne!(one, derive_uuid("b", at(1_771_259_403_000_000)));
    }
}
