//! A file to a template, or the line that is wrong. Pure: whatever stands there, it is read and nothing is done.

use session::{Category, EntryKind};
use toml_edit::Document;

use super::template::{Template, TemplateEntry, TemplateWork};
use super::value::{Fields, Slip};
use crate::NewWritten;

const KEYS: [&str; 6] = ["type", "description", "tags", "metadata", "work_items", "entries"];
const KEYS_OF_WORK: [&str; 3] = ["type", "description", "metadata"];
const KEYS_OF_ENTRY: [&str; 5] = ["kind", "text", "category", "rationale", "alternatives"];

/// What is wrong with a text, and in which line, from 1 on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wrong {
    pub(super) line: usize,
    pub(super) what: String,
}

/// Reads a template.
pub(super) fn read(text: &str) -> Result<Template, Wrong> {
    let at_line = |Slip { at, what }: Slip| Wrong { line: text[..at.min(text.len())].matches('\n').count() + 1, what };
    let document = Document::parse(text).map_err(|error| {
        let what = error.message().lines().next().unwrap_or("it is no TOML").to_owned();
        at_line(Slip::new(error.span().map_or(0, |span| span.start), what))
    })?;
    template(&document).map_err(at_line)
}

fn template(document: &Document<&str>) -> Result<Template, Slip> {
    let fields = Fields::new(document.as_table(), 0, &KEYS)?;
    Ok(Template {
        prefix: fields.prefix("type")?,
        description: fields.text("description")?,
        tags: fields.tags("tags")?,
        metadata: fields.metadata("metadata")?,
        work: fields
            .tables("work_items")?
            .into_iter()
            .map(|(table, at)| work(&Fields::new(table, at, &KEYS_OF_WORK)?))
            .collect::<Result<_, _>>()?,
        entries: fields
            .tables("entries")?
            .into_iter()
            .map(|(table, at)| entry(&Fields::new(table, at, &KEYS_OF_ENTRY)?))
            .collect::<Result<_, _>>()?,
    })
}

fn work(fields: &Fields<'_>) -> Result<TemplateWork, Slip> {
    let prefix = fields.prefix("type")?.ok_or_else(|| Slip::new(fields.at, "a work item needs its `type`, such as IMPL"))?;
    Ok(TemplateWork { prefix, description: fields.required("description", "a work item")?, metadata: fields.metadata("metadata")? })
}

fn entry(fields: &Fields<'_>) -> Result<TemplateEntry, Slip> {
    let kind = fields.required("kind", "an entry")?;
    let wrong = |what: &str| Slip::new(fields.place("kind"), what.to_owned());
    let kind = EntryKind::ALL.into_iter().find(|known| known.as_str() == kind).filter(|kind| *kind != EntryKind::Test);
    let kind = kind.ok_or_else(|| wrong("`kind` is one of log, decision, blocker, todo"))?;
    if kind != EntryKind::Log {
        fields.refuse(&["category"], "is for log entries")?;
    }
    if kind != EntryKind::Decision {
        fields.refuse(&["rationale", "alternatives"], "is for decisions")?;
    }
    let what = match kind {
        EntryKind::Decision => {
            NewWritten::Decision { rationale: fields.required("rationale", "a decision")?, alternatives: fields.texts("alternatives")? }
        }
        EntryKind::Blocker => NewWritten::Blocker,
        EntryKind::Todo => NewWritten::Todo,
        EntryKind::Log | EntryKind::Test => NewWritten::Log { category: category(fields)? },
    };
    Ok(TemplateEntry { text: fields.required("text", "an entry")?, what })
}

fn category(fields: &Fields<'_>) -> Result<Option<Category>, Slip> {
    let Some(word) = fields.text("category")? else { return Ok(None) };
    let known = Category::ALL.map(Category::as_str).join(", ");
    word.parse().map(Some).map_err(|_| Slip::new(fields.place("category"), format!("`category` is one of {known}")))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const WHOLE: &str = r#"
type = "bugfix"
description = "Fix {ticket} on {branch}"
tags = ["bug", "{ticket}"]

[metadata]
area = "login"
weight = 3
nested = { a = [1, 2.5, true] }

[[work_items]]
type = "TEST"
description = "Write a failing test"
metadata = { first = true }

[[work_items]]
type = "FIX"
description = "Make it pass"

[[entries]]
kind = "decision"
text = "No new dependency"
rationale = "It is a fix"
alternatives = ["rewrite it"]

[[entries]]
kind = "log"
text = "Begun"
category = "bugfix"

[[entries]]
kind = "todo"
text = "Tell support"
"#;

    #[test]
    fn a_whole_template_is_read() {
        let template = read(WHOLE).unwrap();
        assert_eq!(template.prefix.unwrap().as_str(), "BUGFIX");
        assert_eq!((template.tags.join(" "), template.metadata.len()), ("bug {ticket}".to_owned(), 3));
        assert_eq!(template.metadata[2].1, serde_json::json!({"a": [1, 2.5, true]}));
        let work: Vec<_> = template.work.iter().map(|work| format!("{} {}", work.prefix.as_str(), work.description)).collect();
        assert_eq!(work, ["TEST Write a failing test", "FIX Make it pass"]);
        let kinds: Vec<_> = template.entries.iter().map(|entry| entry.text.as_str()).collect();
        assert_eq!(kinds, ["No new dependency", "Begun", "Tell support"]);
        assert!(read("").unwrap().work.is_empty());
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line() {
        let check = |text: &str, line: usize, what: &str| {
            let wrong = read(text).unwrap_err();
            assert_eq!((wrong.line, wrong.what.as_str()), (line, what), "{text}");
        };
        check(
            "type = \"BUG\"\n\ncolour = 1\n",
            3,
            "`colour` is no key here; there are type, description, tags, metadata, work_items, entries",
        );
        check("type = 1", 1, "`type` is a text");
        check("type = \"a b\"", 1, "`type` does not fit: a type is 2 to 16 characters of `A-Z0-9` and starts with a letter");
        check("\ndescription = \"\"", 2, "`description` says nothing");
        check(
            "description = \"{brunch}\"",
            1,
            "`description` has `{brunch}`; what can be put in is {branch}, {ticket}, {date}, {user}, and `{{brunch}}` is the word itself",
        );
        check("tags = \"a\"", 1, "`tags` is a list of texts");
        check("tags = [1]", 1, "`tags` is a list of texts");
        check("\n\ntags = [\"a b\"]", 3, "`tags` has `a b`, which is no tag: one word that begins with neither `+` nor `-`");
        check("metadata = 1", 1, "`metadata` is a table");
        check("[metadata]\na = inf", 2, "`a` is no value");
        check(
            "[metadata]\na = 1\nb = { c = [\"{date}\", \"{brunch}\"] }",
            3,
            "`b` has `{brunch}`; what can be put in is {branch}, {ticket}, {date}, {user}, and `{{brunch}}` is the word itself",
        );
        check("work_items = 1", 1, "`work_items` is a list of at most 200 tables");
        check("[work_items]\ntype = \"A\"", 1, "`work_items` is a list of at most 200 tables");
        check("tags = []\n[[work_items]]\ndescription = \"x\"", 2, "a work item needs its `type`, such as IMPL");
        check("\n[[work_items]]\ntype = \"IMPL\"", 2, "a work item needs its `description`");
        check(
            "[[work_items]]\ntype = \"IMPL\"\ndescription = \"x\"\ntext = \"y\"",
            4,
            "`text` is no key here; there are type, description, metadata",
        );
        check("[[entries]]\ntext = \"x\"", 1, "an entry needs its `kind`");
        check("[[entries]]\nkind = \"test\"\ntext = \"x\"", 2, "`kind` is one of log, decision, blocker, todo");
        check("[[entries]]\nkind = \"todo\"\ntext = \"x\"\nrationale = \"y\"", 4, "`rationale` is for decisions");
        check("[[entries]]\nkind = \"todo\"\ntext = \"x\"\ncategory = \"y\"", 4, "`category` is for log entries");
        check("\n[[entries]]\nkind = \"decision\"\ntext = \"x\"", 2, "a decision needs its `rationale`");
        check(
            "[[entries]]\nkind = \"log\"\ntext = \"x\"\ncategory = \"fun\"",
            4,
            "`category` is one of implementation, testing, planning, bugfix, refactor, documentation",
        );
        assert_eq!(read("type = \"BUG\"\ntags = [").unwrap_err().line, 2);
        assert_eq!(read("a = 1\na = 2").unwrap_err().line, 2);
    }

    proptest! {
        #[test]
        fn whatever_stands_there_is_read_or_refused(text in "\\PC{0,80}", keys in "(type|tags|metadata|entries|work_items|\\[\\[|\\]\\]|=|\\{|\\}|\"|\n| |a|1){0,40}") {
            for text in [text, keys] {
                if let Err(wrong) = read(&text) {
                    prop_assert!(wrong.line >= 1 && wrong.line <= text.matches('\n').count() + 1 && !wrong.what.is_empty());
                }
            }
        }
    }
}
