use crate::env;

#[test]
fn help_is_the_answer_and_a_missing_command_is_not() {
    let env = env();
    let asked = env.raw(["--help"]);
    assert_eq!((asked.code, asked.stderr.as_str()), (0, ""));
    assert!(asked.stdout.contains("Usage: rutter [OPTIONS] <COMMAND>") && asked.stdout.contains("Examples:"), "{}", asked.stdout);
    let missing = env.raw([] as [&str; 0]);
    assert_eq!((missing.code, missing.stdout.as_str()), (2, ""));
    assert!(missing.stderr.contains("Usage: rutter [OPTIONS] <COMMAND>"), "{}", missing.stderr);
    assert_eq!(env.raw(["help", "work", "add"]).code, 0);
}

#[test]
fn every_command_has_help_that_fits_a_terminal_and_ends_without_a_full_stop() {
    let env = env();
    let help = env.answer(["--help"]);
    let commands = help.split("Commands:\n").nth(1).unwrap().split("\n\n").next().unwrap();
    let names: Vec<_> =
        commands.lines().filter(|line| !line.starts_with("   ")).filter_map(|line| line.split_whitespace().next()).collect();
    assert!(names.len() >= 19, "{names:?}");
    for name in names.into_iter().filter(|name| *name != "help") {
        let help = env.answer([name, "-h"]);
        let first = help.lines().next().unwrap();
        assert!(!first.ends_with('.') && first.starts_with(|letter: char| letter.is_uppercase()), "{name}: {first}");
        assert!(help.lines().all(|line| line.chars().count() <= 100), "{name}");
    }
}

#[test]
fn the_version_is_the_answer() {
    let env = env();
    let expected = format!("rutter {}", env!("CARGO_PKG_VERSION"));
    assert_eq!(env.answer(["--version"]), expected);
    assert_eq!(env.answer(["-V"]), expected);
}

#[test]
fn a_wrong_command_line_exits_2_and_says_what_is_wrong() {
    let env = env();
    insta::assert_snapshot!(env.run(["strat"]), @"");
    insta::assert_snapshot!(env.run(["start", "--desc", "x"]), @"");
    insta::assert_snapshot!(env.run(["list", "--limit", "many"]), @"");
    insta::assert_snapshot!(env.run(["work"]), @"");
    insta::assert_snapshot!(env.run(["start", "--type", "x"]), @"");
    assert!(!env.path(".local").exists(), "nothing was opened");
}
