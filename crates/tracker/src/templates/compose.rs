//! A template to a file that reads as the same one. Pure.

use serde_json::Value;
use toml_edit::{Array, ArrayOfTables, DocumentMut, InlineTable, Item, Table, value};

use super::template::{Template, TemplateEntry};
use crate::NewWritten;

/// Writes a template.
pub(super) fn compose(template: &Template) -> String {
    let mut document = DocumentMut::new();
    let root = document.as_table_mut();
    put(root, "type", template.prefix.as_ref().map(|prefix| prefix.as_str()));
    put(root, "description", template.description.as_deref());
    put_list(root, "tags", &template.tags);
    put_metadata(root, &template.metadata);
    let work = template.work.iter().map(|work| {
        let mut table = Table::new();
        put(&mut table, "type", Some(work.prefix.as_str()));
        put(&mut table, "description", Some(&work.description));
        put_metadata(&mut table, &work.metadata);
        table
    });
    put_tables(root, "work_items", work.collect());
    put_tables(root, "entries", template.entries.iter().map(entry).collect());
    document.to_string()
}

fn entry(entry: &TemplateEntry) -> Table {
    let mut table = Table::new();
    let kind = match &entry.what {
        NewWritten::Log { .. } => "log",
        NewWritten::Decision { .. } => "decision",
        NewWritten::Test(_) => "test",
        NewWritten::Blocker => "blocker",
        NewWritten::Todo => "todo",
    };
    put(&mut table, "kind", Some(kind));
    put(&mut table, "text", Some(&entry.text));
    match &entry.what {
        NewWritten::Log { category } => put(&mut table, "category", category.map(session::Category::as_str)),
        NewWritten::Decision { rationale, alternatives } => {
            put(&mut table, "rationale", Some(rationale));
            put_list(&mut table, "alternatives", alternatives);
        }
        NewWritten::Test(_) | NewWritten::Blocker | NewWritten::Todo => {}
    }
    table
}

fn put(table: &mut Table, name: &str, text: Option<&str>) {
    if let Some(text) = text {
        table.insert(name, value(text));
    }
}

fn put_list(table: &mut Table, name: &str, texts: &[String]) {
    if !texts.is_empty() {
        table.insert(name, value(texts.iter().map(String::as_str).collect::<Array>()));
    }
}

fn put_tables(table: &mut Table, name: &str, tables: Vec<Table>) {
    if !tables.is_empty() {
        let mut all = ArrayOfTables::new();
        tables.into_iter().for_each(|table| all.push(table));
        table.insert(name, Item::ArrayOfTables(all));
    }
}

fn put_metadata(table: &mut Table, metadata: &[(String, Value)]) {
    let mut names = InlineTable::new();
    for (name, each) in metadata {
        // TOML has no word for nothing.
        if let Some(each) = toml(each) {
            names.insert(name, each);
        }
    }
    if !names.is_empty() {
        table.insert("metadata", value(names));
    }
}

fn toml(value: &Value) -> Option<toml_edit::Value> {
    Some(match value {
        Value::Null => return None,
        Value::Bool(is) => (*is).into(),
        Value::Number(number) => match number.as_i64() {
            Some(whole) => whole.into(),
            None => number.as_f64()?.into(),
        },
        Value::String(text) => text.as_str().into(),
        Value::Array(values) => values.iter().filter_map(toml).collect::<Array>().into(),
        Value::Object(names) => {
            let pairs = names.iter().filter_map(|(name, value)| Some((name.as_str(), toml(value)?)));
            InlineTable::from_iter(pairs).into()
        }
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::templates::fill::escaped;
    use crate::templates::read::read;
    use crate::templates::template::TemplateWork;

    fn template(text: &str) -> Template {
        Template {
            prefix: Some("BUGFIX".parse().unwrap()),
            description: Some(text.to_owned()),
            tags: vec!["bug".to_owned()],
            metadata: vec![(text.to_owned(), json!({"a": [1, 2.5, true, text]}))],
            work: vec![TemplateWork { prefix: "IMPL".parse().unwrap(), description: text.to_owned(), metadata: Vec::new() }],
            entries: vec![
                TemplateEntry {
                    text: text.to_owned(),
                    what: NewWritten::Decision { rationale: text.into(), alternatives: vec![text.into()] },
                },
                TemplateEntry { text: text.to_owned(), what: NewWritten::Log { category: Some(session::Category::Bugfix) } },
                TemplateEntry { text: text.to_owned(), what: NewWritten::Todo },
            ],
        }
    }

    #[test]
    fn a_template_is_written_as_a_person_would() {
        insta::assert_snapshot!(compose(&template("Fix it")));
    }

    proptest! {
        #[test]
        fn what_is_written_reads_as_the_same(text in "[^\\s]\\PC{0,40}") {
            let template = template(escaped(&text).trim());
            let again = read(&compose(&template)).unwrap();
            prop_assert_eq!(format!("{again:?}"), format!("{template:?}"));
        }
    }
}
