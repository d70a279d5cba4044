//! Names of models: the same model is called differently by its maker, by those who rent it out, and by agents.

/// Returns the name under which a price list has a model: without who rents it out, the day it was made, and what an agent adds.
pub(super) fn plain_name(model: &str) -> String {
    let model = model.trim().to_ascii_lowercase();
    let model = model.rsplit('/').next().unwrap_or_default();
    let model = model.split('[').next().unwrap_or_default();
    // `us.anthropic.claude-…`, as Bedrock writes; a point within a number is no such separator.
    let model = model.rsplit_once("anthropic.").map_or(model, |(_, name)| name);
    let model = model.split(['@', ':']).next().unwrap_or_default().replace('.', "-");
    let model = without_revision(&model);
    let model = model.strip_suffix("-latest").unwrap_or(model);
    without_day(model).to_owned()
}

/// Reports whether a pattern of a price list means a model: a name, or the beginning of one and `*`.
pub(super) fn fits(pattern: &str, model: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(beginning) => model.starts_with(beginning),
        None => model == pattern,
    }
}

/// Takes `-v1` off the end.
fn without_revision(model: &str) -> &str {
    let is_revision = |end: &str| !end.is_empty() && end.bytes().all(|byte| byte.is_ascii_digit());
    model.rsplit_once("-v").filter(|(_, end)| is_revision(end)).map_or(model, |(name, _)| name)
}

/// Takes `-20250929` or `-2025-08-07` off the end.
fn without_day(model: &str) -> &str {
    let is_day = |end: &str| {
        let is_shaped = end.bytes().enumerate().all(|(place, byte)| match (end.len(), place) {
            (11, 5 | 8) | (_, 0) => byte == b'-',
            _ => byte.is_ascii_digit(),
        });
        is_shaped && end.get(1..3) == Some("20")
    };
    let ends = [9, 11].into_iter().filter_map(|length| model.split_at_checked(model.len().checked_sub(length)?));
    ends.into_iter().find(|(_, end)| is_day(end)).map_or(model, |(name, _)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_model_has_many_names() {
        for (name, expected) in [
            ("claude-sonnet-4-5-20250929", "claude-sonnet-4-5"),
            ("claude-sonnet-4-5-20250929[1m]", "claude-sonnet-4-5"),
            ("claude-sonnet-4-5@20250929", "claude-sonnet-4-5"),
            ("anthropic.claude-sonnet-4-5-20250929-v1:0", "claude-sonnet-4-5"),
            ("us.anthropic.claude-opus-4-1-20250805-v1:0", "claude-opus-4-1"),
            ("global.anthropic.claude-opus-4-6-v1", "claude-opus-4-6"),
            ("arn:aws:bedrock:us-east-1:1:inference-profile/eu.anthropic.claude-haiku-4-5-20251001-v1:0", "claude-haiku-4-5"),
            ("anthropic/claude-opus-4.5", "claude-opus-4-5"),
            ("openrouter/anthropic/claude-3.7-sonnet:thinking", "claude-3-7-sonnet"),
            ("claude-3-5-sonnet-v2@20241022", "claude-3-5-sonnet"),
            ("claude-3-5-haiku-latest", "claude-3-5-haiku"),
            ("claude-opus-4-20250514", "claude-opus-4"),
            ("gpt-5-2025-08-07", "gpt-5"),
            ("GPT-5.1", "gpt-5-1"),
            ("", ""),
            ("é", "é"),
        ] {
            assert_eq!(plain_name(name), expected, "{name}");
        }
    }

    #[test]
    fn a_newer_model_is_not_taken_for_an_older_one() {
        assert!(!fits("claude-opus-4", &plain_name("claude-opus-4-9")));
        assert!(fits("local-*", "local-llama"));
    }
}
