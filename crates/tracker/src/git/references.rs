//! What a commit refers to, by the lines of its message that begin as people and forges begin them: `Fixes: #12`, `Closes #12`.

/// More lines of one message are not kept.
const MOST_LINES: usize = 8;

/// A line that refers to something is short.
const LONGEST_LINE: usize = 200;

/// How such lines begin.
const BEGINNINGS: [&str; 26] = [
    "bug",
    "close",
    "closed",
    "closes",
    "fix",
    "fixed",
    "fixes",
    "gh",
    "implements",
    "issue",
    "issues",
    "jira",
    "part of",
    "part-of",
    "ref",
    "references",
    "refs",
    "related to",
    "relates to",
    "relates-to",
    "resolve",
    "resolved",
    "resolves",
    "see",
    "see-also",
    "ticket",
];

/// Returns the lines of a message that refer to something with a number, in their order. Nothing else of it is kept: who signed it, for one.
pub(super) fn references(body: &str) -> Vec<String> {
    let lines = body.lines().map(|line| line.trim().trim_start_matches(['-', '*']).trim_start());
    lines.filter(|line| line.len() <= LONGEST_LINE && refers(line)).take(MOST_LINES).map(str::to_owned).collect()
}

fn refers(line: &str) -> bool {
    let lower = line.to_ascii_lowercase();
    let is_behind = |rest: &str| rest.starts_with([':', ' ', '\t']);
    BEGINNINGS.iter().any(|word| lower.strip_prefix(word).is_some_and(is_behind)) && line.bytes().any(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_refer_to_something_are_kept_and_nothing_else() {
        let body = "Closes #12\nA text with #13 in it\n\n- fixes ABC-14, ABC-15\nRefs: GH-16\r\nPart of #17\n\
                    Reviewed-by: Ada <ada18@example.org>\nFixed-width text 19\nSee above\nCo-authored-by: X <x@20.org>\n";
        assert_eq!(references(body), ["Closes #12", "fixes ABC-14, ABC-15", "Refs: GH-16", "Part of #17"]);
        assert_eq!(references(&format!("Fixes {}1", "x".repeat(200))), [""; 0]);
        assert_eq!(references(&"Fixes #1\n".repeat(20)).len(), MOST_LINES);
    }
}
