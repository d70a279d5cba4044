//! Sessions that transcripts tell of: each once, whatever is known of them already, and none of what can be no conversation.

use std::fs;

use serde_json::Value;
use testkit::{BEGINNING, TestEnv, Transcript};

use crate::{env, objects, prompted, started};

/// Returns how many sessions there are, and which conversations each has.
fn with_conversations(env: &TestEnv) -> Vec<String> {
    let mut all: Vec<_> = objects(env, ["list", "--all-projects", "--all"])
        .iter()
        .map(|session| format!("{} {} {}", session["id"], session["status"], session["agent_sessions"]))
        .collect();
    all.sort();
    all
}

#[test]
fn a_store_made_anew_beside_its_mirror_has_every_session_once() {
    let env = env();
    let projects = env.path(".claude/projects");
    for (place, id) in (0..).zip(["c", "d", "e"]) {
        // Two began in the same moment.
        Transcript::new(id, &env.project(), BEGINNING + i64::from(place / 2)).prompt(&format!("Mend {id}")).answer(1, 50).write(&projects);
    }
    env.answer(["index"]);
    prompted(&env, &env.project(), "f", "startup", "Mend f");
    env.answer(["list"]);
    // What hooks told of began when they said so, and its transcript a moment later.
    Transcript::new("f", &env.project(), BEGINNING + 60).prompt("Mend f").answer(1, 50).write(&projects);
    started(&env, "By hand");
    let before = with_conversations(&env);
    assert_eq!(before.len(), 5);
    fs::remove_dir_all(env.path(".local/share/rutter")).unwrap();
    env.answer(["index"]);
    let ids = |all: &[String]| all.iter().map(|each| each.split(' ').next().unwrap().to_owned()).collect::<Vec<_>>();
    let after = with_conversations(&env);
    assert_eq!(ids(&after), ids(&before));
    let named = |all: &[String]| all.iter().map(|each| each.split(' ').nth(2).unwrap().to_owned()).collect::<Vec<_>>();
    assert_eq!(named(&after), named(&before));
    env.answer(["index", "--again"]);
    assert_eq!(with_conversations(&env), after);
}

#[test]
fn a_session_of_an_older_mirror_is_known_by_when_it_began() {
    let env = env();
    let projects = env.path(".claude/projects");
    Transcript::new("c", &env.project(), BEGINNING).prompt("Mend it").answer(1, 50).write(&projects);
    Transcript::new("d", &env.project(), BEGINNING).prompt("Mend it too").answer(1, 50).write(&projects);
    env.answer(["index"]);
    let before = with_conversations(&env);
    let sessions = env.path(".claude/memory/sessions");
    for file in fs::read_dir(&sessions).unwrap().map(|entry| entry.unwrap().path()) {
        let mut session: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
        assert_eq!(session["agent_sessions"].as_array().unwrap().len(), 1);
        session.as_object_mut().unwrap().remove("agent_sessions");
        fs::write(&file, serde_json::to_vec_pretty(&session).unwrap()).unwrap();
    }
    fs::remove_dir_all(env.path(".local/share/rutter")).unwrap();
    env.answer(["start", "--quiet", "-d", "By hand"]);
    env.answer(["index"]);
    let after = with_conversations(&env);
    assert_eq!(after.iter().filter(|each| before.contains(each)).count(), 2, "{after:?} {before:?}");
    assert_eq!(after.len(), 3);
}

#[test]
fn what_can_be_no_id_is_no_session_and_is_counted_all_the_same() {
    let env = env();
    let projects = env.path(".claude/projects");
    let hostile = ["-rf", "$(touch ran)", "a b", "a\u{1b}[31m", "../up", "a;b"];
    for (place, id) in (0..).zip(hostile) {
        let mut transcript = Transcript::new(id, &env.project(), BEGINNING + place);
        let text = transcript.prompt("Mend it").answer(1, 50).text.clone();
        fs::create_dir_all(projects.join("-p")).unwrap();
        fs::write(projects.join(format!("-p/x{place}.jsonl")), text).unwrap();
    }
    Transcript::new("plain_1-x", &env.project(), BEGINNING).prompt("Mend it").answer(1, 50).write(&projects);
    env.answer(["index"]);
    let sessions = objects(&env, ["list", "--all-projects", "--all"]);
    assert_eq!(sessions.iter().map(|session| session["agent_sessions"][0].as_str().unwrap()).collect::<Vec<_>>(), ["plain_1-x"]);
    assert_eq!(objects(&env, ["usage", "--all-projects"]).last().unwrap()["responses"], 7);
    // What a hook tells of is kept as it is said, and can be resumed by nobody.
    prompted(&env, &env.project(), "-rf", "startup", "Mend it");
    let outcome = env.raw(["resume", "--print", "--", "-rf"]);
    assert_eq!(outcome.code, 1, "{outcome:?}");
    assert!(outcome.stderr.contains("is no id that an agent can be started with"), "{}", outcome.stderr);
}

#[test]
fn a_store_that_has_as_much_and_something_else_loses_nothing() {
    let (env, other) = (env(), env());
    let write = |env: &TestEnv, id: &str| {
        Transcript::new(id, &env.project(), BEGINNING).prompt("Mend it").answer(1, 50).write(&env.path(".claude/projects"))
    };
    let (here, _there) = (write(&env, "c"), write(&other, "d"));
    env.answer(["index"]);
    other.answer(["index"]);
    for name in ["rutter.db", "rutter.db-wal", "rutter.db-shm"] {
        let place = |env: &TestEnv| env.path(".local/share/rutter").join(name);
        drop(fs::remove_file(place(&env)));
        drop(fs::copy(place(&other), place(&env)));
    }
    env.answer(["index"]);
    fs::remove_file(here).unwrap();
    env.answer(["index", "--again"]);
    let responses = |env: &TestEnv| objects(env, ["usage", "--all-projects"]).last().unwrap()["responses"].clone();
    assert_eq!(responses(&env), 2);
}
