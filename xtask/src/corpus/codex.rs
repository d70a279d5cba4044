//! What is true of files of Codex, in the words of `rutter transcript`. Their truth speaks in the words of the files: what was sent holds what was
//! read from a cache.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

/// How the truth calls these files.
pub(super) const FORMAT: &str = "codex";

/// What is called the same.
const SAME: [&str; 11] = [
    "versions",
    "cwds",
    "git_branches",
    "first",
    "last",
    "lines",
    "parse_errors",
    "turns",
    "compactions",
    "tool_calls",
    "tool_calls_total",
];

/// Returns the truth about a file in our words.
pub(super) fn in_our_words(truth: &Value) -> Value {
    let mut own: Map<String, Value> = SAME.iter().filter_map(|key| Some(((*key).to_owned(), truth.get(key)?.clone()))).collect();
    let id = &truth["session_id"];
    let parent = &truth["parent_thread_id"];
    // Of a sub-agent the agent session is the one that has it.
    own.insert("session_id".to_owned(), if parent.is_null() { id.clone() } else { parent.clone() });
    own.insert("subagents".to_owned(), if parent.is_null() { json!([]) } else { json!([id]) });
    let others = truth["meta_ids"].as_array().into_iter().flatten().filter(|other| *other != id);
    let origins: Vec<&Value> = others.chain(Some(&truth["forked_from"]).filter(|origin| !origin.is_null())).collect();
    own.insert("copied_from".to_owned(), json!(origins));
    own.insert("interrupts".to_owned(), truth["turns_aborted"].clone());
    let tokens = &truth["tokens"];
    let is_recorded = tokens["responses"].as_u64().unwrap_or(0) > 0;
    own.insert("tokens_total".to_owned(), in_classes(&tokens[if is_recorded { "by_response" } else { "sum_last" }]));
    let models = tokens["by_model"].as_object().into_iter().flatten();
    let by_model: Map<String, Value> = models.clone().map(|(model, used)| (model.clone(), in_classes(used))).collect();
    own.insert("tokens_by_model".to_owned(), Value::Object(by_model));
    let reasoning = models.filter(|(_, used)| used["reasoning_output_tokens"] != 0);
    let reasoning: Map<String, Value> = reasoning.map(|(model, used)| (model.clone(), used["reasoning_output_tokens"].clone())).collect();
    own.insert("reasoning_by_model".to_owned(), Value::Object(reasoning));
    let patched = truth["files_in_patches"].as_object().into_iter().flatten();
    let patched: Map<String, Value> = patched.map(|(file, kinds)| (file.clone(), json!(kinds.as_array().map_or(0, Vec::len)))).collect();
    own.insert("patched_files".to_owned(), Value::Object(patched));
    Value::Object(own)
}

fn in_classes(used: &Value) -> Value {
    let count = |key: &str| used[key].as_u64().unwrap_or(0);
    let (cached, written) = (count("cached_input_tokens"), count("cache_write_input_tokens"));
    json!({
        "input": count("input_tokens").saturating_sub(cached).saturating_sub(written), "output": count("output_tokens"),
        "cache_creation": written, "cache_creation_5m": 0, "cache_creation_1h": 0, "cache_read": cached, "web_search_requests": 0,
    })
}

/// Returns what was told, with how often each file stands in a patch.
pub(super) fn with_patched_files(told: &Value) -> Value {
    let mut told = told.clone();
    let edited = told["files_edited"].as_object().into_iter().flatten();
    let patched: BTreeMap<String, Value> = edited.map(|(file, edited)| (file.clone(), edited["calls"].clone())).collect();
    if let Some(told) = told.as_object_mut().filter(|told| told.contains_key("files_edited")) {
        told.insert("patched_files".to_owned(), json!(patched));
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_the_files_become_ours() {
        let used = json!({"input_tokens": 10, "cached_input_tokens": 4, "output_tokens": 3, "reasoning_output_tokens": 2});
        let truth = json!({
            "session_id": "a", "meta_ids": ["a", "b"], "forked_from": null, "parent_thread_id": null, "turns": 2, "turns_aborted": 1,
            "files_in_patches": {"x": ["Add", "Update"]}, "tokens": {"responses": 0, "sum_last": used, "by_model": {"m": used}},
        });
        let own = in_our_words(&truth);
        assert_eq!((&own["session_id"], &own["copied_from"], &own["interrupts"]), (&json!("a"), &json!(["b"]), &json!(1)));
        assert_eq!((&own["tokens_total"]["input"], &own["tokens_by_model"]["m"]["cache_read"]), (&json!(6), &json!(4)));
        assert_eq!((&own["reasoning_by_model"]["m"], &own["patched_files"]["x"]), (&json!(2), &json!(2)));
        let told = with_patched_files(&json!({"files_edited": {"x": {"calls": 2}}}));
        assert_eq!(told["patched_files"], own["patched_files"]);
    }

    #[test]
    fn a_sub_agent_is_its_parents() {
        let own = in_our_words(&json!({"session_id": "a", "parent_thread_id": "p", "meta_ids": ["a"], "forked_from": "f"}));
        assert_eq!((&own["session_id"], &own["subagents"], &own["copied_from"]), (&json!("p"), &json!(["a"]), &json!(["f"])));
    }
}
