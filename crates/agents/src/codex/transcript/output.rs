//! What came back from a tool: whether it failed, and how long it took. The client writes that into the text that the model gets.

use session::transcript::Refusal;

use crate::skim::{Raw, Skim};

/// How much of an output is looked at. Of a text its head says how it ended, and what a command printed comes after it.
const LOOKED_AT: usize = 4 << 10;

/// What an output says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Outcome {
    pub(super) has_failed: bool,
    pub(super) refusal: Option<Refusal>,
    pub(super) duration_ms: Option<u64>,
}

/// How the client begins when a tool did not even run.
const FAILURES: [&str; 9] = [
    "apply_patch verification failed",
    "exec_command failed",
    "write_stdin failed",
    "execution error",
    "failed to parse",
    "unsupported call",
    "unsupported custom tool call",
    "sandbox error",
    "tool call error",
];

/// Reads what an output says.
pub(super) fn outcome(output: Raw<'_>) -> Outcome {
    let head = output.text(LOOKED_AT);
    if head.starts_with('{') {
        // The whole of it: how it ended is said behind what a command printed.
        return of_json(&output.text(usize::MAX)).unwrap_or_default();
    }
    of_text(&head)
}

/// `{"output": …, "metadata": {"exit_code": 0, "duration_seconds": 0.0}}`; none where it is something else.
fn of_json(text: &str) -> Option<Outcome> {
    let (mut code, mut seconds) = (None, None);
    let mut skim = Skim::new(text.as_bytes());
    let read = skim.object(|key, value| match key {
        b"metadata" => value.object(|key, value| match key {
            b"exit_code" => value.decimal().map(|said| code = said),
            b"duration_seconds" => value.decimal().map(|said| seconds = said),
            _ => value.skip(),
        }),
        _ => value.skip(),
    });
    read.ok()?;
    Some(Outcome { has_failed: code.is_some_and(|code| code != 0.0), refusal: None, duration_ms: seconds.and_then(millis) })
}

fn of_text(text: &str) -> Outcome {
    if text.starts_with("aborted") {
        return Outcome { has_failed: true, refusal: Some(Refusal::Interrupted), duration_ms: None };
    }
    let first = text.lines().next().unwrap_or_default();
    if first.ends_with("rejected by user") || first.ends_with("rejected by user.") {
        return Outcome { has_failed: true, refusal: Some(Refusal::Rejected), duration_ms: None };
    }
    if FAILURES.iter().any(|beginning| text.starts_with(beginning)) {
        return Outcome { has_failed: true, ..Outcome::default() };
    }
    let mut outcome = Outcome::default();
    let mut rest = text;
    loop {
        let (line, behind) = rest.split_once('\n').unwrap_or((rest, ""));
        if let Some(seconds) = line.strip_prefix("Wall time: ").and_then(|said| said.split(' ').next()) {
            outcome.duration_ms = outcome.duration_ms.or(seconds.parse().ok().and_then(millis));
        } else if let Some(code) = line.strip_prefix("Process exited with code ").or(line.strip_prefix("Exit code: ")) {
            outcome.has_failed = code.trim() != "0";
        } else if line == "Output:" {
            // A command that was taken over, and answered as by another client.
            let of_other = behind.starts_with("Exit code: ") || behind.starts_with("{\"output\":");
            return if of_other { inner(behind, outcome) } else { outcome };
        } else if !is_of_head(line) {
            return outcome;
        }
        rest = behind;
    }
}

fn inner(text: &str, outer: Outcome) -> Outcome {
    let inner = if text.starts_with('{') { of_json(text).unwrap_or_default() } else { of_text(text) };
    Outcome { has_failed: outer.has_failed || inner.has_failed, ..outer }
}

fn is_of_head(line: &str) -> bool {
    ["Chunk ID: ", "Original token count: ", "Process running with session ID ", "Total output lines: "]
        .iter()
        .any(|beginning| line.starts_with(beginning))
}

fn millis(seconds: f64) -> Option<u64> {
    let millis = (seconds * 1_000.0).round();
    (0.0..1e15).contains(&millis).then_some(millis as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, has_failed: bool, refusal: Option<Refusal>, duration_ms: Option<u64>) {
        let escaped = serde_json::to_string(text).unwrap();
        let raw = Skim::new(escaped.as_bytes()).string().unwrap().unwrap();
        assert_eq!(outcome(raw), Outcome { has_failed, refusal, duration_ms }, "{text}");
    }

    #[test]
    fn how_a_tool_ended_is_said_in_every_generation_of_the_client() {
        check("{\"output\":\"a\",\"metadata\":{\"exit_code\":0,\"duration_seconds\":0.1}}", false, None, Some(100));
        check("{\"output\":\"a\",\"metadata\":{\"exit_code\":-1,\"duration_seconds\":0.0}}", true, None, Some(0));
        check("Exit code: 3\nWall time: 1.5 seconds\nOutput:\nx", true, None, Some(1_500));
        check(
            "Chunk ID: 1\nWall time: 0.0210 seconds\nProcess exited with code 0\nOriginal token count: 5\nOutput:\nx",
            false,
            None,
            Some(21),
        );
        check("Chunk ID: 1\nWall time: 0.0000 seconds\nProcess exited with code 3\nOutput:\nx", true, None, Some(0));
        check("Chunk ID: 1\nWall time: 10.0 seconds\nProcess running with session ID 7\nOutput:\nx", false, None, Some(10_000));
        check("Wall time: 0.0000 seconds\nOutput:\nExit code: 1\nWall time: 0 seconds\nOutput:\nx", true, None, Some(0));
        check("Wall time: 0.0 seconds\nOutput:\n{\"output\":\"x\",\"metadata\":{\"exit_code\":2}}", true, None, Some(0));
        check("apply_patch verification failed: Failed to find expected lines", true, None, None);
        check("exec command rejected by user", true, Some(Refusal::Rejected), None);
        check("aborted by user after 2.5s", true, Some(Refusal::Interrupted), None);
        check("Plan updated", false, None, None);
    }

    #[test]
    fn what_a_command_printed_says_nothing_of_how_it_ended() {
        check("Chunk ID: 1\nProcess exited with code 0\nOutput:\nProcess exited with code 1\nExit code: 1\n", false, None, None);
        check("{\"output\":\"{\\\"metadata\\\":{\\\"exit_code\\\":1}}\",\"metadata\":{\"exit_code\":0}}", false, None, None);
        check("done\nProcess exited with code 1", false, None, None);
        check("{\"agent_id\":\"a\"}", false, None, None);
    }
}
