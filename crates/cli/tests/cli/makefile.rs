use crate::env;

#[test]
fn the_fragment_calls_the_program_that_is_named() {
    let usual = env().answer(["makefile"]);
    assert!(usual.contains("\nRUTTER ?= rutter\n") && usual.contains("\ntrack-decision:\n"), "{usual}");
    let other = env().answer(["makefile", "--program", "/opt/my tools/rutter"]);
    assert!(other.contains("\nRUTTER ?= '/opt/my tools/rutter'\n"), "{other}");
}

#[test]
fn a_program_that_make_cannot_call_is_refused() {
    insta::assert_snapshot!(env().run(["makefile", "--program", "a\tb"]), @r"
    [exit 2]
    [err] error: invalid value 'a\tb' for '--program <PATH>': make cannot call a program of this name
    [err]
    [err] For more information, try '--help'.
    ");
}
