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
fn everything_starts_in_the_directory_that_is_named() {
    let env = env();
    let below = env.project().join("below");
    std::fs::create_dir(&below).unwrap();
    env.answer(["-C", "below", "start", "--quiet", "-d", "Below"]);
    env.answer(["-C", "below", "export", "-o", "x.json"]);
    assert!(below.join("x.json").exists());
    assert_eq!(crate::object(&env, ["--project", "./below", "list"])["description"], "Below");
    assert_eq!(crate::object(&env, ["-C", "below", "--project", ".", "list"])["description"], "Below");
    insta::assert_snapshot!(env.run(["-C", "x", "list"]), @"
    [exit 2]
    [err] error: cannot run in `x`
    [err]   cause: No such file or directory (os error 2)
    ");
}

#[test]
fn a_wrong_command_line_exits_2_and_says_what_is_wrong() {
    let env = env();
    insta::assert_snapshot!(env.run(["strat"]), @"
    [exit 2]
    [err] error: unrecognized subcommand 'strat'
    [err]
    [err]   tip: some similar subcommands exist: 'transition', 'statusline', 'extract', 'stats', 'start'
    [err]
    [err] Usage: rutter [OPTIONS] <COMMAND>
    [err]
    [err] For more information, try '--help'.
    ");
    insta::assert_snapshot!(env.run(["start", "--desc", "x"]), @"
    [exit 2]
    [err] error: unexpected argument '--desc' found
    [err]
    [err]   tip: a similar argument exists: '--description'
    [err]
    [err] Usage: rutter start --description <TEXT>
    [err]
    [err] For more information, try '--help'.
    ");
    insta::assert_snapshot!(env.run(["list", "--limit", "many"]), @"
    [exit 2]
    [err] error: invalid value 'many' for '--limit <N>': invalid digit found in string
    [err]
    [err] For more information, try '--help'.
    ");
    insta::assert_snapshot!(env.run(["work"]), @r#"
    [exit 2]
    [err] Add, complete and list work items
    [err]
    [err] Usage: rutter work [OPTIONS] <COMMAND>
    [err]
    [err] Commands:
    [err]   add   Add a work item and print its id
    [err]   done  Complete a work item, or give it another status
    [err]   list  List a session's work items in the order in which they were added
    [err]   help  Print this message or the help of the given subcommand(s)
    [err]
    [err] Options:
    [err]   -h, --help     Print help (see more with '--help')
    [err]   -V, --version  Print version
    [err]
    [err] Everywhere:
    [err]       --json               Print JSON: one object, or one a line
    [err]       --quiet              Print nothing but the answer and errors
    [err]       --color <WHEN>       When to use colors [default: auto] [possible values: auto, always, never]
    [err]   -s, --session <SESSION>  The session: an id, a number, the beginning of an id, an agent session's
    [err]                            id, or `current`
    [err]       --project <PROJECT>  The project, by name or path, instead of the one of the directory
    [err]   -C <DIR>                 Run as if started in DIR
    [err]
    [err] Examples:
    [err]   WORK=$(rutter work add IMPL "Check the token")   Add one and keep its id
    [err]   rutter work done $WORK                           Complete it
    [err]   rutter work list                                 Those of the current session
    "#);
    insta::assert_snapshot!(env.run(["start", "--type", "x"]), @"
    [exit 2]
    [err] error: invalid value 'x' for '--type <TYPE>': a type is 2 to 16 characters of `A-Z0-9` and starts with a letter
    [err]
    [err] For more information, try '--help'.
    ");
    assert!(!env.path(".local").exists(), "nothing was opened");
}
