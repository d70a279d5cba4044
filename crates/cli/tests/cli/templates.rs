//! Templates: files of a person's own and of a repository that say what a session begins with.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;
use std::process::Command;

use serde_json::{Value, json};
use testkit::TestEnv;

use crate::{env, object, objects, prompted};

const WHOLE: &str = r#"
type = "BUGFIX"
description = "Fix {ticket} on {branch}, {user}"
tags = ["bug", "{ticket}"]
metadata = { area = "login", ticket = "{ticket}", weight = 3 }

[[work_items]]
type = "TEST"
description = "Write a failing test for {ticket}"

[[work_items]]
type = "IMPL"
description = "Make it pass"

[[entries]]
kind = "decision"
text = "No new dependency"
rationale = "It is a fix"
alternatives = ["rewrite it"]

[[entries]]
kind = "blocker"
text = "Nobody can reproduce it"

[[entries]]
kind = "todo"
text = "Tell support"

[[entries]]
kind = "log"
text = "Begun {{so}}"
category = "bugfix"
"#;

fn own(env: &TestEnv) -> PathBuf {
    env.path(".local/share/rutter/templates")
}

fn of_project(env: &TestEnv) -> PathBuf {
    env.project().join(".rutter/templates")
}

fn put(directory: &PathBuf, name: &str, text: &str) -> PathBuf {
    fs::create_dir_all(directory).unwrap();
    let file = directory.join(name);
    fs::write(&file, text).unwrap();
    file
}

/// Returns a project that is on a branch, as far as files say so.
fn on_branch(branch: &str) -> TestEnv {
    let env = env();
    let made = Command::new("git").args(["init", "-q", "-b", branch]).arg(env.project()).env("GIT_CONFIG_NOSYSTEM", "1").output().unwrap();
    assert!(made.status.success());
    env
}

#[test]
fn a_session_begins_as_its_template_says() {
    let env = on_branch("fix/SHOP-12-login");
    put(&own(&env), "bugfix.toml", WHOLE);
    let session = object(&env, ["start", "--template", "bugfix"]);
    assert!(session["id"].as_str().unwrap().starts_with("BUGFIX-"));
    assert_eq!(session["description"], "Fix SHOP-12 on fix/SHOP-12-login, ada");
    assert_eq!(
        (&session["tags"], &session["metadata"]),
        (&json!(["SHOP-12", "bug"]), &json!({"area": "login", "ticket": "SHOP-12", "weight": 3}))
    );
    let work: Vec<_> = objects(&env, ["work", "list"]).iter().map(|item| item["description"].clone()).collect();
    assert_eq!(work, ["Write a failing test for SHOP-12", "Make it pass"]);
    let entries: Vec<_> = objects(&env, ["entries"]).iter().map(|entry| json!([entry["kind"], entry["text"], entry["category"]])).collect();
    let expected = json!([
        ["decision", "No new dependency", null],
        ["blocker", "Nobody can reproduce it", null],
        ["todo", "Tell support", null],
        ["log", "Begun {so}", "bugfix"]
    ]);
    assert_eq!(Value::from(entries), expected);
    assert_eq!(objects(&env, ["entries"])[0]["alternatives"], json!(["rewrite it"]));
}

#[test]
fn what_is_said_goes_before_what_the_template_says() {
    let env = on_branch("main");
    put(&own(&env), "bugfix.toml", WHOLE);
    let arguments =
        ["start", "--template", "bugfix", "--type", "task", "-d", "Mine", "--tag", "more", "--tag", "bug", "--meta", "area=cart"];
    let session = object(&env, arguments);
    assert!(session["id"].as_str().unwrap().starts_with("TASK-"));
    assert_eq!((&session["description"], &session["tags"]), (&json!("Mine"), &json!(["bug", "more"])));
    assert_eq!(session["metadata"], json!({"weight": 3, "area": "cart"}));
    let said = env.raw(["start", "--template", "bugfix"]).stderr;
    insta::assert_snapshot!(said.lines().filter(|line| line.contains("template")).collect::<Vec<_>>().join("\n"));
    let of_text = object(&env, ["start", "--template", "bugfix", "-d", "Look into SHOP-77"]);
    assert_eq!(of_text["metadata"]["ticket"], "SHOP-77", "a ticket that is said is put in as well");
}

#[test]
fn inside_a_conversation_its_session_takes_the_template() {
    let mut env = env();
    put(
        &own(&env),
        "bugfix.toml",
        "description = \"Fix it\"\ntags = [\"bug\"]\n[[work_items]]\ntype = \"TEST\"\ndescription = \"Write a test\"",
    );
    prompted(&env, &env.project(), "c1", "startup", "hello");
    env.set("CLAUDE_CODE_SESSION_ID", "c1");
    let session = object(&env, ["start", "--template", "bugfix"]);
    assert_eq!(
        (&session["description"], &session["tags"], &session["work_items"]["total"]),
        (&json!("Fix it"), &json!(["bug"]), &json!(1))
    );
    assert_eq!(session["agent_sessions"], json!(["c1"]));
    assert_eq!(objects(&env, ["list", "--all"]).len(), 1);
}

#[test]
fn the_whole_start_happens_or_none_of_it() {
    let env = on_branch("+main");
    let file = put(&own(&env), "bad.toml", "type = \"BUG\"\n\ncolour = \"red\"\n");
    insta::assert_snapshot!(env.run(["start", "--template", "bad"]));
    fs::write(&file, "tags = [\"{branch}\"]\n[[work_items]]\ntype = \"IMPL\"\ndescription = \"x\"").unwrap();
    insta::assert_snapshot!(env.run(["start", "--template", "bad"]));
    insta::assert_snapshot!(env.run(["start", "--template", "none"]));
    assert_eq!(objects(&env, ["list", "--all", "--all-projects"]), [] as [Value; 0]);
    assert_eq!(object(&env, ["start"])["number"], 1);
    assert_eq!(objects(&env, ["work", "list"]), [] as [Value; 0]);
}

#[test]
fn templates_are_listed_and_shown() {
    let env = env();
    insta::assert_snapshot!(env.run(["templates"]));
    put(&own(&env), "bugfix.toml", WHOLE);
    put(&own(&env), "broken.toml", "type = \"BUG\"\ntags = [");
    put(&own(&env), "README.md", "no template");
    put(&of_project(&env), "bugfix.toml", "description = \"Theirs\"");
    put(&of_project(&env), "release.toml", "type = \"RELEASE\"\ndescription = \"Release \\u001b[31m{date}\"");
    insta::assert_snapshot!(env.run(["templates"]));
    insta::assert_snapshot!(env.run(["templates", "show", "bugfix"]));
    insta::assert_snapshot!(env.run(["templates", "show", "nothing"]));
    let views = objects(&env, ["templates", "list"]);
    let told: Vec<_> = views.iter().map(|view| json!([view["name"], view["scope"], view["used"], view["error"].is_null()])).collect();
    let expected = json!([
        ["broken", "user", true, false],
        ["bugfix", "user", true, true],
        ["bugfix", "project", false, true],
        ["release", "project", true, true]
    ]);
    assert_eq!(Value::from(told), expected);
    let keys: Vec<_> = views[1].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys, ["name", "scope", "path", "used", "error", "type", "description", "tags", "metadata", "work_items", "entries"]);
    assert_eq!(object(&env, ["start", "--template", "bugfix"])["tags"], json!(["bug"]), "one's own goes first");
}

#[test]
fn a_session_becomes_a_template() {
    let env = env();
    env.answer(["start", "--quiet", "--type", "task", "-d", "Release {now} \"1.0\"", "--tag", "release", "--meta", "area={x}"]);
    env.answer(["work", "add", "IMPL", "Write the notes", "--meta", "k=v"]);
    env.answer(["todo", "Tell everybody"]);
    env.answer(["log", "Did this once, for 1.0 alone", "-c", "planning"]);
    let made = object(&env, ["templates", "new", "release", "--from", "1"]);
    assert_eq!((&made["name"], &made["scope"], &made["used"]), (&json!("release"), &json!("user"), &json!(true)));
    let file = own(&env).join("release.toml");
    insta::assert_snapshot!(fs::read_to_string(&file).unwrap());
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::metadata(own(&env)).unwrap().permissions().mode() & 0o777, 0o700);
    let again = object(&env, ["start", "--template", "release"]);
    assert_eq!(
        (&again["description"], &again["type"], &again["metadata"]),
        (&json!("Release {now} \"1.0\""), &json!("TASK"), &json!({"area": "{x}"}))
    );
    assert_eq!((&again["work_items"]["total"], &again["entries"]["todo"], &again["entries"]["log"]), (&json!(1), &json!(1), &json!(0)));
    insta::assert_snapshot!(env.run(["templates", "new", "release", "--from", "1"]));
    let shared = object(&env, ["templates", "new", "release", "--from", "1", "--shared", "--quiet"]);
    assert_eq!((&shared["scope"], &shared["used"]), (&json!("project"), &json!(false)));
    assert!(of_project(&env).join("release.toml").is_file());
}

#[test]
fn no_name_and_no_link_leads_out_of_the_directory() {
    let env = env();
    let secret = put(&env.home(), "secret.toml", "description = \"a secret\"");
    env.answer(["start", "--quiet", "-d", "First"]);
    for name in ["../secret", "/etc/passwd", "..", ".", "", "a/b", "a\\b", ".hidden", "-x", "bug fix", "a\u{1b}[31m", "%2e%2e"] {
        for arguments in [&["start", "--template"][..], &["templates", "show"], &["templates", "new"]] {
            let outcome = env.raw(arguments.iter().copied().chain(["--", name].into_iter().skip(usize::from(arguments[0] == "start"))));
            assert!(matches!(outcome.code, 1 | 2), "{name:?} {arguments:?} {outcome:?}");
            assert!(!outcome.stderr.contains('\u{1b}'), "{name:?}");
        }
    }
    fs::create_dir_all(of_project(&env)).unwrap();
    symlink(&secret, of_project(&env).join("linked.toml")).unwrap();
    pipe_at(&of_project(&env).join("pipe.toml"));
    fs::create_dir(of_project(&env).join("directory.toml")).unwrap();
    put(&of_project(&env), "long.toml", &"#".repeat(65 * 1024));
    for name in ["linked", "pipe", "directory", "long"] {
        let outcome = env.raw(["start", "--template", name]);
        assert_eq!(outcome.code, 3, "{name} {outcome:?}");
        assert!(!outcome.stderr.contains("secret\""), "{}", outcome.stderr);
    }
    fs::remove_dir_all(env.project().join(".rutter")).unwrap();
    symlink(env.home(), env.project().join(".rutter")).unwrap();
    fs::create_dir(env.home().join("templates")).unwrap();
    for arguments in [&["start", "--template", "secret"][..], &["templates", "new", "x", "--shared"]] {
        assert_eq!(env.raw(arguments).code, 3, "{arguments:?}");
    }
    let listed = env.raw(["templates"]);
    assert!(listed.code == 0 && listed.stdout.is_empty() && listed.stderr.contains("passed over the templates in"), "{listed:?}");
    assert_eq!(fs::read_dir(env.home().join("templates")).unwrap().count(), 0, "nothing was written through the link");
    assert_eq!(objects(&env, ["list"]).len(), 1);
}

/// Makes a pipe that nobody writes to: whoever opens it to read would wait for ever.
fn pipe_at(path: &std::path::Path) {
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

#[test]
fn a_template_of_a_repository_fills_a_session_and_does_nothing_else() {
    let env = on_branch("main");
    let text = "description = \"$(touch ran) `touch ran` {branch} {{user}} AKIAIOSFODNN7EXAMPLE\\u001b[31m\"\n\
                tags = [\"'; DROP TABLE sessions; --x\"]\n\
                metadata = { \"../../x\" = \"'; DROP TABLE sessions; --\", password = \"hunter2hunter2\" }\n\
                [[entries]]\nkind = \"todo\"\ntext = \"ghp_0123456789abcdefghijABCDEFGHIJ012345 {date}\"\n";
    put(&of_project(&env), "theirs.toml", &text.replace("tags = [\"'; DROP TABLE sessions; --x\"]\n", ""));
    let session = object(&env, ["start", "--template", "theirs"]);
    let told = session.to_string() + &env.answer(["entries", "--json"]) + &env.answer(["show", "--json"]);
    assert!(told.contains("$(touch ran)") && told.contains("{user}"), "{told}");
    for secret in ["AKIAIOSFODNN7EXAMPLE", "hunter2hunter2", "ghp_0123456789abcdefghijABCDEFGHIJ012345"] {
        assert!(!told.contains(secret), "{secret} in {told}");
    }
    assert!(!env.project().join("ran").exists());
    put(&of_project(&env), "more.toml", "command = \"touch ran\"\n");
    assert_eq!(env.raw(["start", "--template", "more"]).code, 3);
    for arguments in [&["show"][..], &["templates"], &["templates", "show", "theirs"]] {
        assert!(!env.answer(arguments.iter().copied()).contains('\u{1b}'), "{arguments:?}");
    }
}

#[test]
fn a_directory_that_cannot_be_used_takes_no_other_template_along() {
    let env = env();
    put(&own(&env), "mine.toml", "description = \"Mine\"\n");
    fs::create_dir_all(env.project().join(".rutter")).unwrap();
    symlink("/nowhere", of_project(&env)).unwrap();
    assert_eq!(objects(&env, ["templates"]).iter().map(|template| template["name"].clone()).collect::<Vec<_>>(), ["mine"]);
    let said = env.raw(["templates"]).stderr;
    assert!(said.contains("passed over the templates in `") && said.contains("/.rutter/templates`: "), "{said}");
    assert_eq!(object(&env, ["start", "--template", "mine"])["description"], "Mine");
}

#[test]
fn what_is_put_into_a_value_is_put_in_however_deep_it_lies() {
    let env = on_branch("main");
    put(&own(&env), "deep.toml", "[metadata]\nnested = { on = [\"{branch}\", { by = \"{user}\", ticket = \"{ticket}\" }], weight = 3 }\n");
    let session = object(&env, ["start", "--template", "deep"]);
    assert_eq!(session["metadata"]["nested"], json!({"on": ["main", {"by": "ada"}], "weight": 3}));
    put(&own(&env), "wrong.toml", "[metadata.nested.deeper]\nlist = [\"{brunch}\"]\n");
    let refused = env.raw(["start", "--template", "wrong"]);
    assert!(refused.code != 0 && refused.stderr.contains("{brunch}"), "{refused:?}");
}
