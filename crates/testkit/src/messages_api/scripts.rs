//! The replies there are. A name may end in a number, as in `slow-5` or `many-200`.

use serde_json::json;

use super::script::{Block, Step, bash, say, think, tool};

/// Returns the script of a name.
pub(super) fn script(name: &str) -> Option<Vec<Step>> {
    let (stem, number) = numbered(name);
    let steps = match stem {
        "ok" => vec![Step::of([say("ok")])],
        // Thinking, text and two tools in one message: four lines of a transcript.
        "tools" => vec![
            Step::of([
                think("I should look around first."),
                say("I'll look at the directory and write a file."),
                bash("echo hello && ls"),
                tool("Write", json!({ "file_path": "{cwd}/hello.txt", "content": "one\ntwo\nthree\n" })),
            ]),
            Step::of([say("All done: hello.txt has three lines.")]),
        ],
        "fail" => vec![Step::of([bash("echo oops >&2; exit 3")]), Step::of([say("It failed, as expected.")])],
        // Nothing allows `touch`, so somebody has to be asked.
        "denied" => vec![Step::of([bash("touch ../outside.txt")]), Step::of([say("Permission was not given.")])],
        "subagent" => vec![
            Step::of([say("I'll delegate this."), agent("Count the files", "general-purpose")]),
            Step::of([say("The subagent counted the files.")]),
        ],
        "subagents" => vec![
            Step::of([agent("Agent one", "general-purpose"), agent("Agent two", "general-purpose")]),
            Step::of([say("Both subagents are done.")]),
        ],
        "sub" => vec![Step::of([bash("ls | wc -l")]), Step::of([say("There are some files.")])],
        // The file shows that the tool runs, not only that it was called.
        "slow" => vec![
            Step::of([say("Running something slow."), bash(&format!("sh -c 'echo on > slow.txt; sleep {}'", number.unwrap_or(30)))]),
            Step::of([say("It finished.")]),
        ],
        // The turn ends before the command does; its end begins another turn.
        "background" => vec![
            Step::of([background(&format!("sleep {}; echo over", number.unwrap_or(2)))]),
            Step::of([say("Started in the background.")]),
            Step::of([say("The background command finished.")]),
        ],
        "cd" => vec![
            Step::of([bash("sh -c 'mkdir -p sub'")]),
            Step::of([bash("cd sub && pwd")]),
            Step::of([bash("pwd")]),
            Step::of([say("Moved.")]),
        ],
        "commit" => vec![
            Step::of([tool("Write", json!({ "file_path": "{cwd}/committed.txt", "content": "one\n" }))]),
            Step::of([bash("git add -A && git commit -q -m 'Add a file'")]),
            Step::of([say("Committed.")]),
        ],
        "hang" => vec![Step::of([say("I am about to say a lot more"), say("and this is it.")]).hang_after(1)],
        "drop" => vec![Step::of([say("This stream is about to break"), say("never sent")]).drop_after(1)],
        "e400" => vec![Step::error(400)],
        // Tried again for minutes, unless the agent's `CLAUDE_CODE_MAX_RETRIES` says how often.
        "e429" => vec![Step::error(429)],
        "e529" => vec![Step::error(529)],
        "retry429" => vec![Step::of([say("Recovered after a rate limit.")]).after_error(429, number.unwrap_or(1))],
        "retry529" => vec![Step::of([say("Recovered after overload.")]).after_error(529, number.unwrap_or(1))],
        // The client tells the commands it runs where it lies itself.
        "nested" => vec![
            Step::of([bash(r#"sh -c '"$CLAUDE_CODE_EXECPATH" -p "inner @@sub" --output-format json'"#)]),
            Step::of([say("The nested session is over.")]),
        ],
        "many" => {
            let calls = (1..=number.unwrap_or(20)).map(|at| Step::of([bash(&format!("echo call {at}"))]));
            calls.chain([Step::of([say("All calls are done.")])]).collect()
        }
        // Kibibytes of output.
        "big" => vec![
            Step::of([bash(&format!("yes {} | head -n {}", "x".repeat(127), 8 * number.unwrap_or(200)))]),
            Step::of([say("That was a lot.")]),
        ],
        "secrets" => secrets(),
        _ => return None,
    };
    Some(steps)
}

fn numbered(name: &str) -> (&str, Option<usize>) {
    let number = name.rsplit_once('-').and_then(|(stem, number)| Some((stem, Some(number.parse().ok()?))));
    number.unwrap_or((name, None))
}

fn background(command: &str) -> Block {
    tool("Bash", json!({ "command": command, "description": "Scripted command", "run_in_background": true }))
}

fn agent(description: &str, kind: &str) -> Block {
    let prompt = format!("{description}, please. @@sub");
    let input = json!({ "description": description, "subagent_type": kind, "prompt": prompt, "run_in_background": false });
    tool("Agent", input)
}

/// Where the script `secrets` shows a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In what a tool is called with.
    Input,
    /// In what a tool answers, and nowhere else.
    Output,
}

/// A secret that opens nothing, with the shape of one that does.
#[derive(Clone, Copy, Debug)]
pub struct FakeSecret {
    /// What it looks like.
    pub label: &'static str,
    /// The secret, in two halves, so that nobody mistakes this file for a leak.
    halves: [&'static str; 2],
    /// Where it is shown.
    pub place: Place,
}

impl FakeSecret {
    /// Returns the secret.
    pub fn value(&self) -> String {
        self.halves.concat()
    }
}

const fn fake(label: &'static str, halves: [&'static str; 2], place: Place) -> FakeSecret {
    FakeSecret { label, halves, place }
}

/// What the script `secrets` shows.
pub const FAKE_SECRETS: &[FakeSecret] = &[
    fake("github-token", ["ghp", "_FakeFakeFake0000000000000000000000001"], Place::Input),
    fake("anthropic-key", ["sk-ant", "-api03-FakeFakeFakeFakeFake0000000000000002"], Place::Input),
    fake("aws-access-key", ["AKIA", "FAKE000000000003"], Place::Input),
    fake("github-token", ["ghp", "_FakeFakeFake0000000000000000000000004"], Place::Output),
    fake("anthropic-key", ["sk-ant", "-api03-FakeFakeFakeFakeFake0000000000000005"], Place::Output),
    fake("aws-access-key", ["AKIA", "FAKE000000000006"], Place::Output),
];

/// What only the output may show stands backwards in the input.
fn secrets() -> Vec<Step> {
    let at = |place| FAKE_SECRETS.iter().filter(move |secret| secret.place == place);
    let inputs = at(Place::Input).map(|secret| bash(&format!("echo {} | wc -c", secret.value())));
    let outputs = at(Place::Output).map(|secret| bash(&format!("echo {} | rev", secret.value().chars().rev().collect::<String>())));
    let written: String = at(Place::Input).map(|secret| format!("{}={}\n", secret.label, secret.value())).collect();
    let file = tool("Write", json!({ "file_path": "{cwd}/secrets.txt", "content": written }));
    vec![Step::of(inputs.chain([file])), Step::of(outputs), Step::of([say("No secret is repeated here.")])]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_may_end_in_a_number() {
        assert_eq!(script("many-7").unwrap().len(), 8);
        assert_eq!(script("many").unwrap().len(), 21);
        assert_eq!(script("many-much"), None);
    }

    #[test]
    fn a_secret_of_the_output_is_in_no_input() {
        let steps = format!("{:?}", script("secrets").unwrap());
        for secret in FAKE_SECRETS {
            assert_eq!(steps.contains(&secret.value()), secret.place == Place::Input, "{secret:?}");
        }
    }
}
