//! How a file is laid out, and text made the same way.

use serde_json::Value;

use super::spans::Node;

/// How a file is laid out.
#[derive(Debug)]
pub(super) struct Layout {
    pub(super) newline: &'static str,
    /// One step of indentation.
    unit: String,
    /// What follows a colon.
    colon: &'static str,
    /// What follows a comma, where things stand beside each other.
    comma: &'static str,
    /// Whether everything is on one line.
    pub(super) is_one_line: bool,
}

/// Something to be added to a container; a key for an object.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) key: Option<&'static str>,
    pub(super) value: Value,
}

impl Layout {
    /// Reads the layout off the outermost object; where nothing can be read off, two spaces.
    pub(super) fn of(text: &str, top: Option<&Node>) -> Self {
        let newline = if text.split_once('\n').is_some_and(|(line, _)| line.ends_with('\r')) { "\r\n" } else { "\n" };
        let members = top.and_then(Node::members).unwrap_or_default();
        let outer = top.map_or("", |top| line_indent(text, top.span.start));
        let own = members.iter().find_map(|member| own_indent(text, member.key.start));
        let unit = own.map_or("  ", |own| own.strip_prefix(outer).unwrap_or(own)).to_owned();
        let colon = members.first().is_none_or(|first| text[first.key.end..first.value.span.start].ends_with(char::is_whitespace));
        let comma = members.get(1).map_or(colon, |second| text[..second.key.start].ends_with(' '));
        let is_one_line = !members.is_empty() && top.is_some_and(|top| !text[top.span.clone()].contains('\n'));
        Self { newline, unit, colon: if colon { " " } else { "" }, comma: if comma { " " } else { "" }, is_one_line }
    }

    /// Returns the indentation of what stands inside something indented by `outer`.
    pub(super) fn inside(&self, outer: &str) -> String {
        format!("{outer}{}", self.unit)
    }

    /// Returns what stands before an item: a line of its own, indented, or the gap after a comma.
    pub(super) fn gap(&self, indent: Option<&str>) -> String {
        indent.map_or_else(|| self.comma.to_owned(), |indent| format!("{}{indent}", self.newline))
    }

    /// Writes an item at a given indentation, or on one line.
    pub(super) fn item(&self, item: &Item, indent: Option<&str>) -> String {
        let value = self.value(&item.value, indent);
        item.key.map_or_else(|| value.clone(), |key| format!("\"{key}\":{}{value}", self.colon))
    }

    /// Writes a value, over several lines as the client itself would, or on one.
    pub(super) fn value(&self, value: &Value, indent: Option<&str>) -> String {
        let inner = indent.map(|outer| self.inside(outer));
        let (open, items, close) = match value {
            Value::Object(members) if !members.is_empty() => {
                let member = |(key, value): (&String, &Value)| {
                    format!("{}:{}{}", Value::from(key.as_str()), self.colon, self.value(value, inner.as_deref()))
                };
                ('{', members.iter().map(member).collect::<Vec<_>>(), '}')
            }
            Value::Array(elements) if !elements.is_empty() => {
                ('[', elements.iter().map(|element| self.value(element, inner.as_deref())).collect(), ']')
            }
            scalar => return scalar.to_string(),
        };
        let gap = self.gap(inner.as_deref());
        let (first, last) = if indent.is_some() { (gap.clone(), self.gap(indent)) } else { Default::default() };
        format!("{open}{first}{}{last}{close}", items.join(&format!(",{gap}")))
    }
}

/// Returns the indentation of the line on which an offset lies.
pub(super) fn line_indent(text: &str, at: usize) -> &str {
    let line = text[line_start(text, at)..].trim_start_matches('\u{feff}');
    &line[..line.len() - line.trim_start_matches([' ', '\t']).len()]
}

/// Returns the indentation of what begins its line.
pub(super) fn own_indent(text: &str, at: usize) -> Option<&str> {
    let start = line_start(text, at);
    let before = &text[start..at];
    (start > 0 && before.trim_start_matches([' ', '\t']).is_empty()).then_some(before)
}

fn line_start(text: &str, at: usize) -> usize {
    text[..at].rfind('\n').map_or(0, |newline| newline + 1)
}
