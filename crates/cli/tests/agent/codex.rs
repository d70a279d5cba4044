//! The real Codex, its model scripted: what `rutter` counts in a rollout is what the stand-in sent, over a turn and its resumption.

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use testkit::{Codex, CodexHome, PrintRun, Reply, ResponsesApi, patch, shell, wait_for, words};

/// What has to come comes within this.
const SOON: Duration = Duration::from_secs(60);

/// Codex, its model and `rutter` in one empty home.
struct CodexStage {
    api: ResponsesApi,
    home: CodexHome,
}

impl CodexStage {
    /// Sets a stage; or says that there is no agent to test with.
    fn set() -> Option<Self> {
        let Some(codex) = Codex::find() else {
            skip();
            return None;
        };
        let api = ResponsesApi::start();
        let home = CodexHome::new(&codex, &api);
        Some(Self { api, home })
    }

    /// Runs the agent to an end that is a good one; nothing that it asked for was out of order.
    fn run(&self, arguments: &[&str]) -> PrintRun {
        let run = self.home.run(arguments);
        assert_eq!(run.code, Some(0), "{run:#?}");
        assert_eq!(self.api.complaints(), [""; 0], "{run:#?}");
        run
    }

    /// Runs `rutter --json` to an end that is a good one, and returns the objects that it prints.
    fn objects(&self, arguments: &[&str]) -> Vec<Value> {
        let output = self.home.program(rutter()).arg("--json").args(arguments).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// Returns what `rutter transcript` says of the only rollout there is.
    fn transcript(&self) -> Value {
        let rollouts = self.home.rollouts();
        assert_eq!(rollouts.len(), 1, "{rollouts:?}");
        self.objects(&["transcript", rollouts[0].to_str().unwrap()]).remove(0)
    }

    /// Returns what the stand-in sent, as a transcript is to say it: input without the cache, output, to and from the cache, reasoning.
    fn sent(&self) -> [u64; 5] {
        let replies = self.api.replies();
        let sum = |of: fn(&Reply) -> u64| replies.iter().map(of).sum();
        [sum(|reply| reply.input - reply.cached), sum(|reply| reply.output), 0, sum(|reply| reply.cached), sum(|reply| reply.reasoning)]
    }
}

#[expect(clippy::print_stderr, reason = "who runs the tests must see that these did not run")]
fn skip() {
    eprintln!("SKIPPED: Codex {} is not installed; `cargo xtask test --only client` does it", Codex::version());
}

fn rutter() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_rutter"))
}

/// Returns what was counted in a transcript, in the order of [`CodexStage::sent`].
fn counted(view: &Value) -> [u64; 5] {
    let total = &view["tokens_total"];
    let reasoning = view["reasoning_by_model"].as_object().unwrap().values().map(|tokens| tokens.as_u64().unwrap()).sum();
    let [input, output, write, read] = ["input", "output", "cache_creation", "cache_read"].map(|key| total[key].as_u64().unwrap());
    [input, output, write, read, reasoning]
}

/// Returns the id of the conversation that a run was about.
fn thread(run: &PrintRun) -> String {
    run.lines("thread.started")[0]["thread_id"].as_str().unwrap().to_owned()
}

#[test]
fn what_codex_did_and_used_is_counted_as_it_was_sent_also_when_it_is_resumed() {
    let Some(stage) = CodexStage::set() else { return };
    stage.api.add(
        "work",
        [vec![shell("echo hi > said.txt && cat said.txt")], vec![patch("notes.txt", "one line")], vec![words("Both are written.")]],
    );
    stage.api.add("more", [vec![shell("exit 3")], vec![words("It failed.")]]);

    let first = stage.run(&["Go. @@work"]);
    let id = thread(&first);
    assert_eq!(std::fs::read_to_string(stage.home.project().join("notes.txt")).unwrap(), "one line\n");
    let view = stage.transcript();
    assert_eq!((&view["agent"], &view["session_id"], &view["parse_errors"]), (&json!("codex"), &json!(id), &json!(0)), "{view}");
    assert_eq!(counted(&view), stage.sent(), "{view}");
    assert_eq!((&view["turns"], &view["tool_calls_total"], &view["tool_errors"]), (&json!(1), &json!(2), &json!(0)), "{view}");
    assert_eq!(stage.api.replies().len(), 3);
    // The running total that the agent itself prints is the sum of what was sent.
    let own = &first.lines("turn.completed")[0]["usage"];
    let [input, output, _, cached, reasoning] = stage.sent();
    let said = ["input_tokens", "output_tokens", "cached_input_tokens", "reasoning_output_tokens"].map(|key| own[key].as_u64().unwrap());
    assert_eq!(said, [input + cached, output, cached, reasoning]);

    let second = stage.run(&["resume", &id, "Once more. @@more"]);
    assert_eq!(thread(&second), id, "the conversation goes on");
    let last = stage.api.replies().pop().unwrap();
    assert!(last.thread == id && last.was_told("Go. @@work") && last.was_told("Both are written."), "the model is told what was before");
    let view = stage.transcript();
    assert_eq!(counted(&view), stage.sent(), "{view}");
    assert_eq!((&view["turns"], &view["tool_calls_total"], &view["tool_errors"]), (&json!(2), &json!(3), &json!(1)), "{view}");
    let edited: Vec<_> = view["files_edited_ok"].as_array().unwrap().iter().map(|file| file.as_str().unwrap()).collect();
    assert_eq!(edited, ["notes.txt"], "as the patch names it: {view}");
    assert_eq!(stage.api.replies().len(), 5);
}

#[test]
fn a_conversation_of_codex_is_found_counted_and_resumed() {
    let Some(stage) = CodexStage::set() else { return };
    stage.api.add("work", [vec![patch("notes.txt", "one line")], vec![words("It is written.")]]);
    stage.api.add("more", [vec![shell("cat notes.txt")], vec![words("Read again.")]]);
    let id = thread(&stage.run(&["Fix SHOP-12. @@work"]));

    let indexed = stage.objects(&["index"]).remove(0);
    assert_eq!((&indexed["files"], &indexed["sessions"], &indexed["broken_lines"]), (&json!(1), &json!(1), &json!(0)), "{indexed}");
    let session = stage.objects(&["list"]).remove(0);
    assert_eq!((&session["agent"], &session["agent_sessions"]), (&json!("codex"), &json!([id])), "{session}");
    assert_eq!(
        (&session["description"], &session["turns"], &session["tool_calls"]),
        (&json!("Fix SHOP-12. @@work"), &json!(1), &json!(1)),
        "{session}"
    );
    let [input, output, _, cached, reasoning] = stage.sent();
    let used = |usage: &Value| ["input", "output", "cache_read", "reasoning"].map(|key| usage[key].as_u64().unwrap());
    assert_eq!(used(&stage.objects(&["show", &id]).remove(0)["usage"]), [input, output, cached, reasoning]);
    for by in ["session", "ticket", "model"] {
        let rows = stage.objects(&["usage", by]);
        assert_eq!(rows.iter().map(used).collect::<Vec<_>>(), [[input, output, cached, reasoning]; 2], "{by}: {rows:?}");
    }
    assert_eq!(stage.objects(&["usage", "ticket"])[0]["key"], "SHOP-12");

    let told = stage.api.replies().len();
    let terminal = stage.home.interactive(rutter(), &["resume", &id, "--", "Once more. @@more"]);
    wait_for("the conversation to go on", SOON, || {
        let replies = stage.api.replies();
        replies.iter().skip(told).any(|reply| reply.said == [words("Read again.")]).then_some(())
    });
    let replies = stage.api.replies();
    let first = replies.iter().skip(told).find(|reply| reply.was_told("Once more. @@more")).unwrap();
    assert!(first.thread == id && first.was_told("Fix SHOP-12. @@work") && first.was_told("It is written."), "{}", terminal.screen());
    assert_eq!(stage.api.complaints(), [""; 0]);
    // What the model said last is written down before it is shown.
    wait_for("the answer to be shown", SOON, || terminal.screen().contains("Read again.").then_some(()));
    drop(terminal);
    let session = stage.objects(&["show", &id]).remove(0);
    assert_eq!((&session["turns"], &session["tool_calls"], &session["agent_sessions"]), (&json!(2), &json!(2), &json!([id])), "{session}");
    let of_thread: Vec<Reply> = stage.api.replies().into_iter().filter(|reply| reply.thread == id).collect();
    let sum: u64 = of_thread.iter().map(|reply| reply.output).sum();
    assert_eq!(session["usage"]["output"], sum, "{session}");
}
