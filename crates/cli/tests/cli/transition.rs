use crate::{env, object, objects, transcript, worked};

#[test]
fn a_worker_is_told_the_head() {
    let env = env();
    insta::assert_snapshot!(env.run(["transition", "abc123", "--source", "build"]), @"
    [exit 0]
    [out] abc123
    ");
    insta::assert_snapshot!(env.run(["transition", "def456", "--source", "metadata_generation", "--old", "abc123"]), @"
    [exit 0]
    [out] def456
    ");
    insta::assert_snapshot!(env.run(["transition", "def456", "--source", "metadata_generation", "--old", "abc123"]), @"
    [exit 0]
    [out] def456
    [err] note: def456 was reported already; the head is def456
    ");
    let view = object(&env, ["transition", "ghi789", "--source", "compact", "--old", "def456", "--at", "10 minutes ago"]);
    assert_eq!(view.as_object().unwrap().keys().collect::<Vec<_>>(), ["outcome", "head", "transition"]);
    assert_eq!((&view["outcome"], &view["transition"]["from"]), (&"moved".into(), &"def456".into()));
}

#[test]
fn who_comes_too_late_is_told_so_and_nothing_is_lost() {
    let env = env();
    worked(&env);
    insta::assert_snapshot!(env.run(["transition", "xyz", "--source", "update", "--old", "abc123"]), @"
    [exit 1]
    [out] ghi789
    [err] error: somebody else had moved the head first: xyz is a side branch, the head is ghi789
    [err] hint: go on from the head, or move it all the same with `--expect ghi789`
    ");
    // Whoever saw none lost as well; whoever goes back on purpose did not.
    assert_eq!(env.raw(["transition", "n", "--source", "build", "--expect", ""]).code, 1);
    assert_eq!(env.answer(["transition", "xyz", "--source", "update", "--old", "abc123", "--expect", "ghi789"]), "xyz");
    let seen: Vec<_> = objects(&env, ["chain"]).iter().map(|view| (view["new"].clone(), view["side_branch"] == true)).collect();
    let expected = [("abc123", false), ("def456", false), ("ghi789", false), ("xyz", true), ("n", true), ("xyz", false)];
    assert_eq!(seen, expected.map(|(new, is_aside)| (new.into(), is_aside)));
}

#[test]
fn who_expected_a_head_where_there_is_none_is_told_so() {
    let env = env();
    insta::assert_snapshot!(env.run(["transition", "a", "--source", "build", "--expect", "b"]), @"
    [exit 1]
    [err] error: there is no head, and one was expected: a is a side branch
    [err] hint: make it the head all the same with `--expect ''`
    ");
    let outcome = env.raw(["--json", "transition", "a", "--source", "build", "--expect", "b"]);
    assert!(outcome.code == 1 && outcome.stdout.starts_with(r#"{"outcome":"lost","head":null,"#), "{outcome:?}");
    assert_eq!(env.answer(["transition", "a", "--source", "build", "--expect", ""]), "a");
}

#[test]
fn of_workers_that_saw_the_same_head_one_wins() {
    let env = env();
    worked(&env);
    let worker = |number: usize| {
        env.command(&env.project()).args(["transition", &format!("w{number}"), "--source", "update", "--old", "ghi789"]).spawn()
    };
    let workers: Vec<_> = (0..8).map(|number| worker(number).unwrap()).collect();
    let mut codes: Vec<_> = workers.into_iter().map(|worker| worker.wait_with_output().unwrap().status.code().unwrap()).collect();
    codes.sort_unstable();
    assert_eq!(codes, [0, 1, 1, 1, 1, 1, 1, 1]);
    let (head, all) = (env.raw(["head"]).stdout, objects(&env, ["chain"]));
    let winner: Vec<_> =
        all[3..].iter().filter(|view| view["moved"] == true).map(|view| format!("{}\n", view["new"].as_str().unwrap())).collect();
    assert_eq!((winner, all.len()), (vec![head], 11));
    assert_eq!(env.raw(["sync-status"]).code, 0);
}

#[test]
fn of_workers_that_begin_at_the_same_time_one_wins() {
    let env = env();
    let worker = |number: usize| {
        let arguments = ["transition", &format!("w{number}"), "--source", "build", "--old", "", "--version", "v2"];
        env.command(&env.project()).args(arguments).spawn()
    };
    let workers: Vec<_> = (0..8).map(|number| worker(number).unwrap()).collect();
    let mut codes: Vec<_> = workers.into_iter().map(|worker| worker.wait_with_output().unwrap().status.code().unwrap()).collect();
    codes.sort_unstable();
    assert_eq!(codes, [0, 1, 1, 1, 1, 1, 1, 1]);
}

#[test]
fn a_project_that_nobody_knew_is_made() {
    let env = env();
    env.answer(["--project", "shop", "transition", "a", "--source", "build"]);
    transcript(&env, "a");
    assert_eq!(env.answer(["--project", "shop", "head"]), "a");
    assert_eq!(env.raw(["--project", "nobody", "head"]).code, 1);
}

#[test]
fn what_is_no_name_is_refused() {
    let env = env();
    insta::assert_snapshot!(env.run(["transition", "a\n\u{1b}[31mb", "--source", "build"]), @r"
    [exit 2]
    [err] error: `a\n\u{1b}[31mb` is not the id of an agent session: one word of 1 to 255 characters
    ");
    let long = "x".repeat(256);
    for arguments in [
        &["transition", "", "--source", "build"][..],
        &["transition", "turned\u{202e}round", "--source", "build"],
        &["transition", "a", "--source", ""],
        &["transition", "a", "--source", "b", "--old", "two words"],
        &["transition", "a", "--source", "b", "--expect", "\u{9b}"],
        &["transition", "a", "--source", "b", "--version", "-v"],
        &["transition", "a", "--source", "b", "--agent", "x\ny"],
        &["transition", "--source", "b", "--", "--resume"],
        &["transition", &long, "--source", "b"],
        &["transition", "a"],
        &["transition", "a", "--source", "b", "--at", "tomorrow"],
        &["transition", "a", "--source", "b", "-s", "1"],
    ] {
        assert_eq!(env.raw(arguments).code, 2, "{arguments:?}");
    }
    assert_eq!(objects(&env, ["chain"]).len(), 0);
}

#[test]
fn ids_that_cannot_be_told_apart_are_refused() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let env = env();
    for bad in [&b"a\xff"[..], b"a\xfe", "a\u{200b}".as_bytes(), "\u{2060}a".as_bytes()] {
        let new = OsStr::from_bytes(bad);
        let outcome = env.raw([OsStr::new("transition"), new, OsStr::new("--source"), OsStr::new("build")]);
        assert_eq!(outcome.code, 2, "{bad:?}: {}", outcome.stderr);
    }
    assert_eq!(env.raw([OsStr::new("store-id"), OsStr::from_bytes(b"a\xff")]).code, 2);
    assert_eq!(objects(&env, ["chain"]).len(), 0);
}
