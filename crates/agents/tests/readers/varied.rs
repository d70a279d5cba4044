//! Settings files as people have them, and worse: drawn from a number, so that each can be had again.

use proptest::prelude::*;

/// Stands in every file that has anything of the user's, so that an edit by hand can be played: replace it.
pub(crate) const EDITABLE: &str = "\"edit me\"";

/// How a file is laid out.
#[derive(Clone, Copy, Debug)]
struct Style {
    newline: &'static str,
    unit: &'static str,
    colon: &'static str,
    comma: &'static str,
    /// Now and then, space where nobody expects it.
    is_odd: bool,
}

/// Draws numbers; the same from the same seed.
#[derive(Debug)]
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// SplitMix64.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % limit as u64).unwrap()
    }

    pub(crate) fn of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())]
    }

    pub(crate) fn is(&mut self, one_in: usize) -> bool {
        self.below(one_in) == 0
    }
}

pub(crate) fn texts() -> impl Strategy<Value = String> {
    any::<u64>().prop_map(|seed| text(&mut Dice::new(seed)))
}

/// Draws a settings file without anything of ours.
pub(crate) fn text(dice: &mut Dice) -> String {
    let bom = if dice.is(10) { "\u{feff}" } else { "" };
    if dice.is(12) {
        return format!(
            "{bom}{}",
            dice.of(&["", "", "\n", " \r\n\t ", "{}", "{}\n", "{ }", "{\n}\n", "{\r\n\r\n}", "{\r}", "{\n  \n}", "\r{}"])
        );
    }
    let style = style(dice);
    let before = dice.of(&["", "", "", "", "\n", "  "]);
    let after = dice.of(&["", "\n", "\n", "\r\n", "\n\n", " "]);
    format!("{bom}{before}{}{after}", object(dice, style, 0, top_members))
}

fn style(dice: &mut Dice) -> Style {
    let is_odd = dice.is(5);
    let colon = dice.of(&[":", ": ", ": ", " : "]);
    if dice.is(4) {
        return Style { newline: "", unit: "", colon, comma: dice.of(&[",", ", "]), is_odd };
    }
    let newline = dice.of(&["\n", "\n", "\n", "\r\n", "\r\n", "\n\n"]);
    Style { newline, unit: dice.of(&["  ", "  ", "    ", "\t", " ", "", "   "]), colon, comma: ",", is_odd }
}

type Members = fn(&mut Dice, Style, usize) -> Vec<String>;

fn object(dice: &mut Dice, style: Style, depth: usize, members: Members) -> String {
    let members = members(dice, style, depth + 1);
    brackets(dice, style, depth, ('{', '}'), &members)
}

fn array(dice: &mut Dice, style: Style, depth: usize, elements: Members) -> String {
    let elements = elements(dice, style, depth + 1);
    brackets(dice, style, depth, ('[', ']'), &elements)
}

fn brackets(dice: &mut Dice, style: Style, depth: usize, (open, close): (char, char), items: &[String]) -> String {
    if items.is_empty() {
        return format!("{open}{}{close}", dice.of(&["", "", "", " ", "\n", "\r\n  ", "\t"]));
    }
    let style = if dice.is(6) { Style { newline: "", ..style } } else { style };
    let line =
        |depth: usize| if style.newline.is_empty() { String::new() } else { format!("{}{}", style.newline, style.unit.repeat(depth)) };
    let mut text = open.to_string();
    for (place, item) in items.iter().enumerate() {
        if place > 0 {
            text += if style.is_odd { dice.of(&[",", " ,", ",  ", "\t,"]) } else { style.comma };
        }
        text += &line(depth + 1);
        text += item;
    }
    text += &line(depth);
    if style.is_odd {
        text += dice.of(&["", " ", "\t", "\n"]);
    }
    text.push(close);
    text
}

fn top_members(dice: &mut Dice, style: Style, depth: usize) -> Vec<String> {
    let mut members: Vec<_> = (0..dice.below(4)).map(|_| foreign_member(dice, style, depth)).collect();
    for _ in 0..dice.of(&[0, 1, 1, 1, 1, 1, 2]) {
        let hooks = object(dice, style, depth, hook_members);
        let key = dice.of(&["\"hooks\"", "\"hooks\"", "\"hooks\"", "\"h\\u006foks\""]);
        let at = dice.below(members.len() + 1);
        members.insert(at, format!("{key}{}{hooks}", style.colon));
    }
    members
}

fn foreign_member(dice: &mut Dice, style: Style, depth: usize) -> String {
    let key = dice.of(&[
        "\"permissions\"",
        "\"model\"",
        "\"env\"",
        "\"a \\\"quoted\\\" key\"",
        "\"\"",
        "\"\\ud83d\\ude00\"",
        "\"dup\"",
        "\"dup\"",
    ]);
    format!("{key}{}{}", style.colon, foreign_value(dice, style, depth))
}

fn foreign_value(dice: &mut Dice, style: Style, depth: usize) -> String {
    match dice.below(9) {
        0 => object(dice, style, depth, |dice, style, depth| (0..dice.below(3)).map(|_| foreign_member(dice, style, depth)).collect()),
        1 => array(dice, style, depth, |dice, style, depth| (0..dice.below(3)).map(|_| foreign_value(dice, style, depth)).collect()),
        2 => dice.of(&["1", "-0", "1.50", "1E+5", "10000000000000000000000", "0.1e-7"]).to_owned(),
        3 => dice.of(&["true", "false", "null"]).to_owned(),
        4 => {
            dice.of(&["\"\\u00e9\\/\"", "\"é {[,]} // no comment\"", "\"\\\\\"", "\"\\\"hooks\\\": {}\"", "\"\u{7f}\u{2028}\""]).to_owned()
        }
        _ => EDITABLE.to_owned(),
    }
}

fn hook_members(dice: &mut Dice, style: Style, depth: usize) -> Vec<String> {
    let member = |dice: &mut Dice| {
        let event = dice.of(&["SessionStart", "Stop", "PreToolUse", "Sto\\u0070", "TeammateIdle", "MessageDisplay", "NotYetInvented"]);
        format!("\"{event}\"{}{}", style.colon, array(dice, style, depth, groups))
    };
    (0..dice.of(&[0, 0, 1, 2, 3])).map(|_| member(dice)).collect()
}

fn groups(dice: &mut Dice, style: Style, depth: usize) -> Vec<String> {
    (0..dice.of(&[0, 1, 1, 2])).map(|_| object(dice, style, depth, group_members)).collect()
}

fn group_members(dice: &mut Dice, style: Style, depth: usize) -> Vec<String> {
    let mut members = Vec::new();
    if dice.is(2) {
        members.push(format!("\"matcher\"{}\"Bash|Edit\"", style.colon));
    }
    if !dice.is(10) {
        members.push(format!("\"hooks\"{}{}", style.colon, array(dice, style, depth, foreign_handlers)));
    }
    members
}

fn foreign_handlers(dice: &mut Dice, style: Style, depth: usize) -> Vec<String> {
    (0..dice.of(&[0, 1, 1, 2])).map(|_| object(dice, style, depth, foreign_handler)).collect()
}

fn foreign_handler(dice: &mut Dice, style: Style, _depth: usize) -> Vec<String> {
    let command = dice.of(&["\"/opt/lint --fix\"", "\"echo rutter-hook\"", "\"/opt/rutter-hook.sh\"", EDITABLE]);
    vec![format!("\"type\"{}\"command\"", style.colon), format!("\"command\"{}{command}", style.colon)]
}
