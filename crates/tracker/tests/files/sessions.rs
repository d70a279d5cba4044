//! Several sessions in one place, and what tool calls name.

use std::path::Path;

use serde_json::{Value, json};
use testkit::{Home, HookCall};
use tracker::session::{Session, SessionKey, Survey};
use tracker::{Listing, Purpose};

use crate::repository::Repository;
use crate::states::{PATIENCE, repository, start, survey, words};

/// Lets an agent begin a conversation in a directory and take a prompt.
fn begins(home: &Home, directory: &Path, pid: u32, conversation: &str) -> Session {
    home.clock.pass(3);
    home.clock.run(HookCall::process(pid));
    let payload = json!({"session_id": conversation, "cwd": directory, "hook_event_name": "SessionStart", "source": "startup"});
    HookCall { process: Some(HookCall::process(pid)), ..HookCall::new(home, pid, payload) }.leave(home);
    says(home, directory, pid, conversation, "UserPromptSubmit", &json!({"prompt_id": "p", "prompt": "Go"}));
    let mut tracker = home.tracker_in(directory);
    let session = tracker.resolve(Some(conversation), Purpose::Reading).unwrap();
    tracker.take_baseline(&session, PATIENCE).unwrap();
    session
}

fn says(home: &Home, directory: &Path, pid: u32, conversation: &str, event: &str, rest: &Value) {
    home.clock.pass(3);
    let mut payload = json!({"session_id": conversation, "cwd": directory, "hook_event_name": event});
    payload.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
    HookCall::new(home, pid, payload).leave(home);
}

/// Lets an agent call a tool on a file, with this outcome.
fn calls(home: &Home, directory: &Path, conversation: &str, tool: &str, path: &str, outcome: &str) {
    let input = if tool == "NotebookEdit" { json!({"notebook_path": path}) } else { json!({"file_path": path}) };
    let id = format!("{conversation} {tool} {path} {outcome}");
    let rest = json!({"prompt_id": "p", "tool_name": tool, "tool_use_id": id, "tool_input": input});
    says(home, directory, 7, conversation, outcome, &rest);
}

/// Lets an agent write a file through a tool.
fn writes(home: &Home, repository: &Repository, conversation: &str, path: &str, content: &str) {
    repository.write(path, content);
    let full = repository.path.join(path);
    calls(home, &repository.path, conversation, "Edit", &full.to_string_lossy(), "PostToolUse");
}

fn others<'s>(survey: &'s Survey, path: &str) -> &'s [SessionKey] {
    &survey.files.iter().find(|file| file.path.as_str() == path).unwrap().others
}

#[test]
fn two_sessions_at_once_each_get_their_own_files_and_the_common_one_is_marked() {
    let home = Home::in_memory();
    let repository = repository(&home);
    let (one, two) = (begins(&home, &repository.path, 7, "one"), begins(&home, &repository.path, 8, "two"));
    writes(&home, &repository, "one", "a", "of one");
    writes(&home, &repository, "two", "b", "of two");
    writes(&home, &repository, "one", "c", "of one");
    writes(&home, &repository, "two", "c", "of both");
    repository.write("d", "of a shell");
    let (of_one, of_two) = (survey(&home, &repository, &one), survey(&home, &repository, &two));
    assert_eq!(words(&of_one), ["modified a u!", "modified c u!", "created d ?"]);
    assert_eq!(words(&of_two), ["modified b u!", "modified c u!", "created d ?"]);
    assert_eq!((others(&of_one, "a"), others(&of_one, "c"), others(&of_one, "d")), (&[][..], &[two.key][..], &[two.key][..]));
    assert_eq!((others(&of_two, "b"), others(&of_two, "c"), others(&of_two, "d")), (&[][..], &[one.key][..], &[one.key][..]));
}

#[test]
fn a_session_that_was_over_before_is_no_other() {
    let home = Home::in_memory();
    let repository = repository(&home);
    let earlier = begins(&home, &repository.path, 7, "earlier");
    writes(&home, &repository, "earlier", "a", "earlier");
    says(&home, &repository.path, 7, "earlier", "SessionEnd", &json!({"reason": "other"}));
    let later = begins(&home, &repository.path, 8, "later");
    repository.write("b", "later");
    let found = survey(&home, &repository, &later);
    assert_eq!((words(&found), others(&found, "b")), (vec!["modified b u".to_owned()], &[][..]));
    let found = survey(&home, &repository, &earlier);
    assert_eq!((words(&found), others(&found, "b")), (vec!["modified a u!".to_owned(), "modified b u".into()], &[later.key][..]));
}

#[test]
fn what_a_tool_wrote_is_told_of_also_where_git_does_not_show_it() {
    let home = Home::in_memory();
    let repository = repository(&home);
    repository.commit(".gitignore", "target\n");
    let session = begins(&home, &repository.path, 7, "c");
    writes(&home, &repository, "c", "a", "changed");
    repository.git(&["checkout", "-q", "--", "a"]);
    writes(&home, &repository, "c", "target/log", "ignored");
    let outside = home.path("notes.txt");
    std::fs::write(&outside, "x").unwrap();
    calls(&home, &repository.path, "c", "Write", &outside.to_string_lossy(), "PostToolUse");
    calls(&home, &repository.path, "c", "Write", "gone", "PostToolUse");
    calls(&home, &repository.path, "c", "Read", "b", "PostToolUse");
    calls(&home, &repository.path, "c", "Edit", "c", "PostToolUseFailure");
    calls(&home, &repository.path, "c", "Edit", &format!("long/{}", "x".repeat(300)), "PostToolUse");
    let found = survey(&home, &repository, &session);
    let outside = outside.canonicalize().unwrap();
    let created = format!("created {} !", outside.display());
    assert_eq!(words(&found), [created.as_str(), "unchanged a !", "deleted gone !", "modified target/log !"]);
    assert_eq!(found.gaps.iter().map(|gap| gap.as_str()).collect::<Vec<_>>(), ["1 tool call named a file with a name too long to be kept"]);
}

#[test]
fn outside_git_tool_calls_tell_and_it_is_said() {
    let home = Home::in_memory();
    let directory = home.project();
    let session = begins(&home, &directory, 7, "c");
    std::fs::write(directory.join("new"), "x").unwrap();
    std::fs::write(directory.join("old"), "x").unwrap();
    std::fs::write(directory.join("book"), "x").unwrap();
    std::fs::write(directory.join("by a shell"), "x").unwrap();
    calls(&home, &directory, "c", "Write", "./sub/../new", "PostToolUse");
    calls(&home, &directory, "c", "Read", "old", "PostToolUse");
    calls(&home, &directory, "c", "Write", "old", "PostToolUse");
    calls(&home, &directory, "c", "NotebookEdit", "book", "PostToolUse");
    let found = home.tracker_in(&directory).survey(&session, PATIENCE).unwrap();
    assert_eq!(words(&found), ["modified book !", "created new !", "modified old !"]);
    assert_eq!(found.git, None);
    let gaps: Vec<_> = found.gaps.iter().map(|gap| gap.as_str()).collect();
    assert_eq!(gaps, ["no git here: only files that tool calls named are listed"]);
}

#[test]
fn the_files_of_an_ended_session_are_those_that_were_found_then() {
    let home = Home::in_memory();
    let repository = repository(&home);
    let session = start(&home, &repository);
    repository.write("a", "x");
    let mut tracker = home.tracker_in(&repository.path);
    tracker.end(None, tracker::session::Status::Completed, None).unwrap();
    repository.write("b", "later");
    let (found, then) = tracker.files(Some(session.id.as_str())).unwrap();
    assert_eq!((found.key, words(&then), then.gaps), (session.key, vec!["modified a u".to_owned()], vec![]));
    let listed = tracker.list(&Listing::default()).unwrap();
    assert_eq!(tracker.view(&listed[0]).unwrap().files, Some(1));
}
