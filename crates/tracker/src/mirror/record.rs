//! A session as JSON: the keys, their order and the time format that scripts of the first format rely on.
//!
//! A file that is there is the base: what others put into it (keys we do not know, times in their own precision) stays.

use std::collections::HashMap;

use jiff::civil::DateTime;
use serde::Serialize;
use serde_json::{Map, Value, json};
use session::{Conversation, Moment, Session, WorkItem};

use crate::view::metadata_object;

/// Returns a moment as the files have it: local time to the microsecond, without offset.
pub(crate) fn local_time(moment: Moment) -> String {
    moment.local().strftime("%Y-%m-%dT%H:%M:%S.%6f").to_string()
}

/// Returns the file of a session, laid over what is in it already.
pub(crate) fn render(
    session: &Session,
    items: &[WorkItem],
    conversations: &[Conversation],
    base: Option<Map<String, Value>>,
) -> Map<String, Value> {
    let base = base.or_else(|| session.original.as_ref().and_then(|original| serde_json::from_str(original.as_str()).ok()));
    let mut file = merge(base.unwrap_or_default(), session, items);
    add_agent_sessions(&mut file, conversations);
    file
}

/// Where a file says which agent sessions were in its session: a store that is made anew knows them by that.
const AGENT_SESSIONS: &str = "agent_sessions";

/// Returns the agent sessions that a file names, each with its agent.
pub(crate) fn agent_sessions_in(file: &Map<String, Value>) -> Vec<(&str, &str)> {
    let named = file.get(AGENT_SESSIONS).and_then(Value::as_array).into_iter().flatten();
    named.filter_map(|each| Some((each.get("agent")?.as_str()?, each.get("id")?.as_str()?))).collect()
}

/// Adds those that are not named yet; a session without any has no such key.
fn add_agent_sessions(file: &mut Map<String, Value>, conversations: &[Conversation]) {
    let named = agent_sessions_in(file);
    let is_missing = |one: &&Conversation| !named.contains(&(one.agent.as_str(), one.id.as_str()));
    let missing = conversations.iter().filter(is_missing).map(|one| json!({ "agent": one.agent.as_str(), "id": one.id.as_str() }));
    let missing: Vec<Value> = missing.collect();
    if missing.is_empty() {
        return;
    }
    match file.get_mut(AGENT_SESSIONS) {
        Some(Value::Array(held)) => held.extend(missing),
        // What is no list is somebody else's.
        Some(_) => {}
        None => drop(file.insert(AGENT_SESSIONS.to_owned(), missing.into())),
    }
}

/// Returns the text of a file: indented by two, with a line feed at the end.
pub(crate) fn in_text(file: &impl Serialize) -> Vec<u8> {
    let mut text = serde_json::to_vec_pretty(file).expect("a JSON object serialises");
    text.push(b'\n');
    text
}

fn merge(mut file: Map<String, Value>, session: &Session, items: &[WorkItem]) -> Map<String, Value> {
    let ended = session.ended().map(|at| local_time(at.moment));
    keep_or_set(&mut file, "session_id", session.id.as_str().into());
    keep_or_set(&mut file, "type", session.prefix().as_str().into());
    set_if_other(&mut file, "description", session.description.as_ref().map_or("", |description| description.text.as_str()).into());
    keep_or_set(&mut file, "start_time", local_time(session.started.moment).into());
    set_time(&mut file, "end_time", ended);
    set_if_other(&mut file, "status", session.status().as_str().into());
    keep_or_set(&mut file, "metadata", metadata_object(&session.metadata).into());
    keep_or_set(&mut file, "tasks", Value::Array(Vec::new()));
    let held = match file.get_mut("work_items").map(Value::take) {
        Some(Value::Array(held)) => held,
        _ => Vec::new(),
    };
    file.insert("work_items".to_owned(), merge_items(held, items).into());
    file
}

fn merge_items(mut held: Vec<Value>, items: &[WorkItem]) -> Vec<Value> {
    let id_of = |(place, value): (usize, &Value)| Some((value.get("work_id")?.as_str()?.to_owned(), place));
    let places: HashMap<String, usize> = held.iter().enumerate().filter_map(id_of).collect();
    for item in items {
        let place = places.get(item.id.as_str()).copied();
        let base = place.and_then(|place| as_object(held[place].take())).unwrap_or_default();
        let merged = Value::Object(merge_item(base, item));
        match place {
            Some(place) => held[place] = merged,
            None => held.push(merged),
        }
    }
    held
}

fn as_object(value: Value) -> Option<Map<String, Value>> {
    if let Value::Object(object) = value { Some(object) } else { None }
}

fn merge_item(mut file: Map<String, Value>, item: &WorkItem) -> Map<String, Value> {
    keep_or_set(&mut file, "work_id", item.id.as_str().into());
    keep_or_set(&mut file, "type", item.prefix.as_str().into());
    keep_or_set(&mut file, "description", item.description.as_str().into());
    keep_or_set(&mut file, "started_at", local_time(item.started.moment).into());
    set_time(&mut file, "completed_at", item.completed_at().map(|at| local_time(at.moment)));
    set_if_other(&mut file, "status", item.status.value.0.as_str().into());
    keep_or_set(&mut file, "metadata", metadata_object(&item.metadata).into());
    file
}

fn keep_or_set(file: &mut Map<String, Value>, name: &str, value: Value) {
    file.entry(name).or_insert(value);
}

fn set_if_other(file: &mut Map<String, Value>, name: &str, value: Value) {
    if file.get(name) != Some(&value) {
        file.insert(name.to_owned(), value);
    }
}

/// Sets a time unless the file has the same one in another precision.
fn set_time(file: &mut Map<String, Value>, name: &str, time: Option<String>) {
    let parse = |text: &str| text.parse::<DateTime>().ok();
    let held = file.get(name).and_then(Value::as_str).and_then(parse);
    if held.is_none() || held != time.as_deref().and_then(parse) {
        file.insert(name.to_owned(), time.into());
    }
}
