//! Our handlers out of the text, with every group, event and `hooks` that nothing else is in.

use std::ops::Range;

use super::error::{SettingsError, place};
use super::events::Handler;
use super::insert::{Edit, WAS_THERE, apply};
use super::spans::{Node, scan};

/// Returns the text without the handlers that `is_ours` names, wherever they are by now.
///
/// Undoes [`register`](super::register) to the byte. A container that was there before us stays, also an empty one, as long as
/// nobody has reformatted the file.
pub fn unregister(text: &str, is_ours: impl Fn(&Handler) -> bool) -> Result<String, SettingsError> {
    let Some(top) = scan(text).map_err(|fault| SettingsError::of(text, &fault))? else { return Ok(text.to_owned()) };
    let Some(members) = top.members() else {
        let (line, column) = place(text, top.span.start);
        return Err(SettingsError::NotObject { line, column });
    };
    let mut pruning = Pruning { text, is_ours: &is_ours, edits: Vec::new() };
    let dropped: Vec<_> = members.iter().map(|member| member.is_called(text, "hooks") && pruning.drops_hooks(&member.value)).collect();
    if !pruning.empties(&top, &dropped) {
        return Ok(apply(text, pruning.edits));
    }
    if was_blank(text, &top) {
        return Ok(text[..top.span.start].to_owned());
    }
    let emptied = vec![emptied(text, &top)];
    Ok(apply(text, emptied))
}

struct Pruning<'t> {
    text: &'t str,
    is_ours: &'t dyn Fn(&Handler) -> bool,
    edits: Vec<Edit>,
}

impl Pruning<'_> {
    /// Takes ours out of `hooks`; returns whether nothing is left and it has to go itself.
    fn drops_hooks(&mut self, hooks: &Node) -> bool {
        let members = hooks.members().unwrap_or_default();
        let dropped: Vec<_> = members.iter().map(|member| self.drops_event(&member.value)).collect();
        self.drops(hooks, &dropped)
    }

    fn drops_event(&mut self, groups: &Node) -> bool {
        let dropped: Vec<_> = groups.elements().unwrap_or_default().iter().map(|group| self.drops_group(group)).collect();
        self.drops(groups, &dropped)
    }

    fn drops_group(&mut self, group: &Node) -> bool {
        let Some(handlers) = group.member(self.text, "hooks") else { return false };
        let ours = |node: &Node| Handler::read(&self.text[node.span.clone()]).is_some_and(|handler| (self.is_ours)(&handler));
        let dropped: Vec<_> = handlers.elements().unwrap_or_default().iter().map(ours).collect();
        self.empties(handlers, &dropped)
    }

    /// Takes out what is dropped; a container that is emptied goes itself, unless it was there before us.
    fn drops(&mut self, container: &Node, dropped: &[bool]) -> bool {
        let is_emptied = self.empties(container, dropped);
        if is_emptied && was_there(self.text, container) {
            self.edits.push(emptied(self.text, container));
            return false;
        }
        is_emptied
    }

    /// Takes out what is dropped; where that is everything there is, leaves it to the caller.
    fn empties(&mut self, container: &Node, dropped: &[bool]) -> bool {
        if !dropped.is_empty() && dropped.iter().all(|&is_dropped| is_dropped) {
            return true;
        }
        let spans = runs(&container.items(), dropped);
        self.edits.extend(spans.into_iter().map(|span| Edit { span, text: String::new() }));
        false
    }
}

/// Returns what has to go with neighbours that are dropped: the comma before them, or behind them where they come first.
fn runs(items: &[Range<usize>], dropped: &[bool]) -> Vec<Range<usize>> {
    let mut runs = Vec::new();
    let mut at = 0;
    while at < items.len() {
        let length = dropped[at..].iter().take_while(|&&is_dropped| is_dropped).count();
        match (at.checked_sub(1), items.get(at + length)) {
            _ if length == 0 => {}
            (Some(before), _) => runs.push(items[before].end..items[at + length - 1].end),
            (None, Some(behind)) => runs.push(items[at].start..behind.start),
            (None, None) => {}
        }
        at += length + 1;
    }
    runs
}

/// Takes everything out of a container but the space that was in it before us.
fn emptied(text: &str, container: &Node) -> Edit {
    let (before, behind) = around(text, container);
    let start = container.span.start + 1 + space_before_us(before, behind).len();
    Edit { span: start..container.closer(), text: String::new() }
}

/// What we filled over several lines has a line break of ours before it; which kind is seen behind it.
fn space_before_us<'t>(before: &'t str, behind: &str) -> &'t str {
    let behind = behind.trim_start_matches([' ', '\t']);
    let newline = ["\r\n", "\n"].into_iter().find(|newline| behind.starts_with(newline));
    let head = before.trim_end_matches([' ', '\t']);
    newline.and_then(|newline| head.strip_suffix(newline)).unwrap_or(before)
}

fn was_there(text: &str, container: &Node) -> bool {
    let (_, behind) = around(text, container);
    behind.strip_prefix(WAS_THERE).is_some_and(|rest| rest.is_empty() || starts_line(rest))
}

/// An object that is there keeps its brackets when in doubt: the client may not take an empty file.
fn was_blank(text: &str, top: &Node) -> bool {
    let (_, behind) = around(text, top);
    let is_marked = behind.strip_prefix(WAS_THERE).is_some_and(starts_line);
    is_marked && matches!(&text[top.span.end..], "\n" | "\r\n")
}

fn starts_line(text: &str) -> bool {
    text.starts_with('\n') || text.starts_with("\r\n")
}

/// Returns the space before the first and behind the last thing in a container.
fn around<'t>(text: &'t str, container: &Node) -> (&'t str, &'t str) {
    let items = container.items();
    let first = items.first().map_or(container.closer(), |first| first.start);
    let last = items.last().map_or(container.closer(), |last| last.end);
    (&text[container.span.start + 1..first], &text[last..container.closer()])
}
