//! What tools are asked, and what they answer.

use super::dice::Dice;
use super::words::Words;

/// The tool that starts a subagent.
pub(super) const AGENT: &str = "Agent";

/// Names, and how often they are called.
const TOOLS: &[(&str, usize)] = &[
    ("Bash", 30),
    ("Read", 26),
    ("Edit", 17),
    ("Grep", 10),
    ("Glob", 5),
    ("TodoWrite", 5),
    ("Write", 4),
    ("mcp__github__get_issue", 2),
    ("WebFetch", 1),
];

pub(super) fn any(dice: &mut Dice) -> &'static str {
    dice.weighed(TOOLS)
}

/// Returns the input of a call.
pub(super) fn input(name: &str, words: &Words, dice: &mut Dice, cwd: &str) -> String {
    let path = words.source(dice, cwd);
    match name {
        "Bash" => {
            let (package, about) = (words.word(dice), words.sentence(dice, 6));
            format!(r#"{{"command":"cargo test -p {package} 2>&1 | tail -n {}","description":"{about}"}}"#, dice.between(5, 90))
        }
        "Read" if dice.chance(0.6) => format!(r#"{{"file_path":"{path}"}}"#),
        "Read" => format!(r#"{{"file_path":"{path}","offset":{},"limit":{}}}"#, dice.between(1, 900), dice.between(20, 400)),
        "Edit" => {
            let (old, new) = (dice.size(300.0, 0.9, 30, 6_000), dice.size(420.0, 0.9, 30, 8_000));
            let (old, new) = (words.code.take(dice, old), words.code.take(dice, new));
            format!(r#"{{"file_path":"{path}","old_string":"{old}","new_string":"{new}"}}"#)
        }
        "Write" => {
            let size = dice.size(3_500.0, 1.0, 100, 40_000);
            format!(r#"{{"file_path":"{path}","content":"{}"}}"#, words.code.take(dice, size))
        }
        "Grep" | "Glob" => format!(r#"{{"pattern":"{}","path":"{cwd}","output_mode":"content"}}"#, words.name(dice)),
        "TodoWrite" => {
            let todo = |_| format!(r#"{{"content":"{}","status":"pending","activeForm":"{}"}}"#, words.name(dice), words.sentence(dice, 5));
            let count = 5;
            format!(r#"{{"todos":[{}]}}"#, (0..count).map(todo).collect::<Vec<_>>().join(","))
        }
        AGENT => {
            let size = dice.size(900.0, 0.7, 100, 6_000);
            let (what, prompt) = (words.sentence(dice, 3), words.prose.take(dice, size));
            format!(r#"{{"description":"{what}","prompt":"{prompt}","subagent_type":"general-purpose"}}"#)
        }
        _ => format!(r#"{{"query":"{}"}}"#, words.sentence(dice, 12)),
    }
}

/// Returns what a tool answers, escaped.
pub(super) fn result(name: &str, words: &Words, dice: &mut Dice) -> String {
    let (pool, median, sigma, most) = match name {
        "Read" => (&words.code, 5_200.0, 1.1, 90_000),
        "Bash" => (&words.output, 900.0, 1.5, 30_000),
        "Grep" | "Glob" => (&words.output, 1_300.0, 1.3, 30_000),
        "Edit" | "Write" => (&words.code, 600.0, 0.6, 4_000),
        "TodoWrite" => return "Todos have been modified successfully.".to_owned(),
        "WebFetch" => (&words.prose, 3_000.0, 0.8, 20_000),
        _ => (&words.prose, 2_500.0, 0.9, 30_000),
    };
    let size = dice.size(median, sigma, 20, most);
    pool.take(dice, size).to_owned()
}

/// Returns the result as the client keeps it for itself, beside what it sends.
pub(super) fn mirrored(name: &str, result: &str, words: &Words, dice: &mut Dice, cwd: &str) -> String {
    let path = words.source(dice, cwd);
    match name {
        "Bash" => format!(r#"{{"stdout":"{result}","stderr":"","interrupted":false,"isImage":false}}"#),
        "Read" => {
            format!(r#"{{"type":"text","file":{{"filePath":"{path}","content":"{result}","numLines":80,"startLine":1,"totalLines":300}}}}"#)
        }
        "Edit" => format!(
            r#"{{"filePath":"{path}","structuredPatch":[{{"oldStart":{},"lines":["{}"]}}],"userModified":false}}"#,
            dice.between(1, 999),
            words.code.take(dice, 400)
        ),
        AGENT => format!(
            // What a subagent was billed stands here as well: whoever takes every `usage` for a reply counts it twice.
            concat!(
                r#"{{"status":"completed","content":[{{"type":"text","text":"{}"}}],"totalDurationMs":{},"totalTokens":{},"#,
                r#""totalToolUseCount":{},"usage":{{"input_tokens":4,"output_tokens":{},"cache_read_input_tokens":{}}}}}"#
            ),
            result,
            dice.between(4_000, 400_000),
            dice.between(4_000, 90_000),
            dice.between(1, 40),
            dice.between(100, 2_000),
            dice.between(1_000, 60_000)
        ),
        _ if dice.chance(0.5) => format!(r#"{{"content":"{result}"}}"#),
        _ => format!("\"{result}\""),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn inputs_and_results_of_every_tool_are_json() {
        let mut dice = Dice::new(5);
        let words = Words::draw(&mut dice);
        for name in TOOLS.iter().map(|(name, _)| *name).chain([AGENT]) {
            let result = result(name, &words, &mut dice);
            for json in [input(name, &words, &mut dice, "/home/ada/shop"), mirrored(name, &result, &words, &mut dice, "/home/ada/shop")] {
                assert!(serde_json::from_str::<Value>(&json).is_ok(), "{name}: {json}");
            }
        }
    }
}
