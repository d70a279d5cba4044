use crate::env;

#[test]
fn every_shell_gets_a_script_that_knows_the_commands() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = env().answer(["completions", shell]);
        assert!(script.contains("rutter") && script.contains("reopen"), "{shell}");
        assert!(!script.contains("commands-reference"), "{shell}: what is hidden is not offered");
    }
}

#[test]
fn a_shell_that_is_none_is_named_with_those_that_are() {
    insta::assert_snapshot!(env().run(["completions", "tcsh"]), @"
    [exit 2]
    [err] error: invalid value 'tcsh' for '<SHELL>'
    [err]   [possible values: bash, elvish, fish, powershell, zsh]
    [err]
    [err]   tip: a similar value exists: 'zsh'
    [err]
    [err] For more information, try '--help'.
    ");
}
