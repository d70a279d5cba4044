//! Our handlers into the text.
//!
//! Everything is inserted at the end of its container, and in such a way that it can be told later what was there before: in a
//! container that was there and empty, a space follows what we inserted ([`WAS_THERE`]); a file that was blank gets the same
//! space at its end, where an object that was there does not. Who reformats the file loses the space, and with it an empty
//! `hooks`, which says nothing anyway.

use std::ops::Range;

use serde_json::Value;

use super::error::{SettingsError, place};
use super::events::{EVENTS, Handler, Registration};
use super::layout::{Item, Layout, line_indent, own_indent};
use super::spans::{Node, scan};

/// What follows what we inserted into a container that was there, empty.
pub(super) const WAS_THERE: &str = " ";

/// A part of a text and what stands there instead.
#[derive(Debug)]
pub(super) struct Edit {
    pub(super) span: Range<usize>,
    pub(super) text: String,
}

/// Returns the text with our handler registered for every event of [`EVENTS`].
///
/// What is registered stays as it is; where only program or arguments differ, ours is replaced in its place. A blank text
/// becomes an object. What cannot be understood is refused, and nothing is guessed.
pub fn register(text: &str, wanted: &Registration) -> Result<String, SettingsError> {
    let Some(top) = scan(text).map_err(|fault| SettingsError::of(text, &fault))? else { return Ok(fresh(text, wanted)) };
    if top.members().is_none() {
        let (line, column) = place(text, top.span.start);
        return Err(SettingsError::NotObject { line, column });
    }
    let layout = Layout::of(text, Some(&top));
    let edits = match top.member(text, "hooks") {
        None => vec![append(text, &layout, &top, &[Item { key: Some("hooks"), value: wanted.hooks() }], "")],
        Some(hooks) => merge(text, &layout, hooks, wanted)?,
    };
    Ok(apply(text, edits))
}

/// Returns the text with every part replaced. Parts do not overlap.
pub(super) fn apply(text: &str, mut edits: Vec<Edit>) -> String {
    edits.sort_by_key(|edit| (edit.span.start, edit.span.end));
    let mut result = String::with_capacity(text.len());
    let mut done = 0;
    for edit in edits {
        result += &text[done..edit.span.start];
        result += &edit.text;
        done = edit.span.end;
    }
    result + &text[done..]
}

/// A blank file stays in front of what we write, so that it is there afterwards.
fn fresh(text: &str, wanted: &Registration) -> String {
    let layout = Layout::of(text, None);
    let item = layout.item(&Item { key: Some("hooks"), value: wanted.hooks() }, Some("  "));
    let newline = layout.newline;
    format!("{text}{{{newline}  {item}{WAS_THERE}{newline}}}{newline}")
}

fn merge(text: &str, layout: &Layout, hooks: &Node, wanted: &Registration) -> Result<Vec<Edit>, SettingsError> {
    if hooks.members().is_none() {
        let (line, column) = place(text, hooks.span.start);
        return Err(SettingsError::HooksNotObject { line, column });
    }
    let (mut edits, mut missing) = (Vec::new(), Vec::new());
    for event in EVENTS {
        let group = wanted.group(event);
        let Some(groups) = hooks.member(text, event.name) else {
            missing.push(Item { key: Some(event.name), value: vec![group].into() });
            continue;
        };
        if groups.elements().is_none() {
            let (line, column) = place(text, groups.span.start);
            return Err(SettingsError::EventNotArray { event: event.name, line, column });
        }
        let ours: Vec<_> = handlers(text, groups).filter(|(_, handler)| handler.is_ours()).collect();
        if ours.is_empty() {
            edits.push(append(text, layout, groups, &[Item { key: None, value: group }], WAS_THERE));
        }
        let moved = ours.iter().filter(|(_, handler)| handler != wanted.handler());
        edits.extend(moved.flat_map(|(node, _)| replace(text, layout, node, &wanted.handler_of(event))));
    }
    if !missing.is_empty() {
        edits.push(append(text, layout, hooks, &missing, WAS_THERE));
    }
    Ok(edits)
}

/// Returns every handler in the array of an event.
pub(super) fn handlers<'n>(text: &'n str, groups: &'n Node) -> impl Iterator<Item = (&'n Node, Handler)> {
    let groups = groups.elements().unwrap_or_default().iter();
    let nodes = groups.flat_map(|group| group.member(text, "hooks").and_then(Node::elements).unwrap_or_default());
    nodes.filter_map(|node| Some((node, Handler::read(&text[node.span.clone()])?)))
}

/// Program and arguments change in their place; a timeout that somebody set stays.
fn replace(text: &str, layout: &Layout, handler: &Node, wanted: &Value) -> Vec<Edit> {
    let edit = |node: &Node, value: &Value| {
        let indent = text[node.span.clone()].contains('\n').then(|| line_indent(text, node.span.start));
        Edit { span: node.span.clone(), text: layout.value(value, indent) }
    };
    match (handler.member(text, "command"), handler.member(text, "args")) {
        (Some(command), Some(args)) => vec![edit(command, &wanted["command"]), edit(args, &wanted["args"])],
        _ => vec![edit(handler, wanted)],
    }
}

fn append(text: &str, layout: &Layout, container: &Node, items: &[Item], was_there: &str) -> Edit {
    match container.items().last() {
        Some(last) => append_behind(text, layout, container, last, items),
        None => fill(text, layout, container, items, was_there),
    }
}

fn append_behind(text: &str, layout: &Layout, container: &Node, last: &Range<usize>, items: &[Item]) -> Edit {
    let indent = text[container.span.clone()].contains('\n').then(|| {
        let own = own_indent(text, last.start).map(str::to_owned);
        own.unwrap_or_else(|| layout.inside(line_indent(text, container.span.start)))
    });
    let gap = layout.gap(indent.as_deref());
    let text = items.iter().map(|item| format!(",{gap}{}", layout.item(item, indent.as_deref()))).collect();
    Edit { span: last.end..last.end, text }
}

/// Fills what is empty, behind the space that is in it.
fn fill(text: &str, layout: &Layout, container: &Node, items: &[Item], was_there: &str) -> Edit {
    let outer = (!layout.is_one_line).then(|| line_indent(text, container.span.start));
    let inner = outer.map(|outer| layout.inside(outer));
    let gap = layout.gap(inner.as_deref());
    let (first, last) = outer.map_or_else(Default::default, |outer| (gap.clone(), layout.gap(Some(outer))));
    let items: Vec<_> = items.iter().map(|item| layout.item(item, inner.as_deref())).collect();
    let at = container.closer();
    Edit { span: at..at, text: format!("{first}{}{was_there}{last}", items.join(&format!(",{gap}"))) }
}
