//! Models, and how often they are used.

use super::dice::Dice;

const MODELS: &[(&str, usize)] = &[
    ("claude-sonnet-4-5-20250929", 50),
    ("claude-opus-4-5-20251101", 34),
    ("claude-haiku-4-5-20251001", 11),
    ("claude-opus-4-1-20250805", 5),
];

pub(super) fn any(dice: &mut Dice) -> &'static str {
    dice.weighed(MODELS)
}
