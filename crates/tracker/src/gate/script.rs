//! Our lines in a git hook. A hook that is a shell script gets them behind its first line; any other is kept beside a script of ours that
//! calls it. Taking them out gives the bytes back.

use session::quoted;

const BEGIN: &str = "# rutter:begin";
const END: &str = "# rutter:end";

/// How our script names the hook that it stands in front of. Somebody may take that away: a commit goes on then.
const IN_FRONT: &str = "rutter_kept=\"$(dirname \"$0\")\"/";

/// What the program says on stdout when a commit is refused on purpose: an exit code could come from anything that is broken.
pub const REFUSED: &str = "rutter: refused";

/// Returns our lines for a hook: whatever goes wrong with the program, the commit goes on. The program gives up by itself; `timeout` is for
/// one that cannot, or that is not ours.
fn lines(program: &str, hook: &str) -> String {
    let is_said =
        if hook == "commit-msg" { "\x20 echo 'rutter is not there any more: the commit is not checked' >&2\n" } else { "\x20 :\n" };
    format!(
        "{BEGIN} (which session a commit is of; `rutter git uninstall` takes this out)\n\
         rutter_program={program}\n\
         [ -x \"$rutter_program\" ] || rutter_program=$(command -v rutter 2>/dev/null || :)\n\
         if [ -z \"$rutter_program\" ]; then\n\
         {is_said}\
         elif command -v timeout >/dev/null 2>&1; then\n\
         \x20 rutter_answer=$(timeout -s KILL 1 \"$rutter_program\" git-hook {hook} \"$@\" </dev/null || :)\n\
         else\n\
         \x20 rutter_answer=$(\"$rutter_program\" git-hook {hook} \"$@\" </dev/null || :)\n\
         fi\n\
         [ \"${{rutter_answer:-}}\" != '{REFUSED}' ] || exit 1\n\
         {END}\n",
        program = quoted(program)
    )
}

/// Returns a script of our own, for a hook that nobody else has.
pub(super) fn alone(program: &str, hook: &str) -> String {
    format!("#!/bin/sh\n{}", lines(program, hook))
}

/// Returns a script of our own that calls the hook that was there before, which lies beside it now.
pub(super) fn in_front(program: &str, hook: &str, kept: &str) -> String {
    let begin = alone(program, hook);
    format!("{begin}{IN_FRONT}{}\nif [ -x \"$rutter_kept\" ]; then exec \"$rutter_kept\" \"$@\"; fi\n", quoted(kept))
}

/// Returns a shell script with our lines in it, in place of older ones; none where it is no shell script.
pub(super) fn put_in(text: &str, program: &str, hook: &str) -> Option<String> {
    let text = take_out(text);
    let (first, rest) = text.split_once('\n')?;
    is_shell(first).then(|| format!("{first}\n{}{rest}", lines(program, hook)))
}

/// Returns a script without our lines.
pub(super) fn take_out(text: &str) -> String {
    let Some(begin) = text.find(BEGIN) else { return text.to_owned() };
    let Some(end) = text[begin..].find(END).map(|at| begin + at + END.len()) else { return text.to_owned() };
    let behind = text[end..].strip_prefix('\n').unwrap_or(&text[end..]);
    format!("{}{behind}", &text[..begin])
}

/// Reports whether our lines are in a script.
pub(super) fn is_in(text: &str) -> bool {
    text.contains(BEGIN)
}

/// Reports whether nothing but our lines is in a script.
pub(super) fn is_alone(text: &str) -> bool {
    is_in(text) && take_out(text) == "#!/bin/sh\n"
}

/// Reports whether a script is ours and calls the hook that was there.
pub(super) fn is_in_front(text: &str) -> bool {
    is_in(text) && take_out(text).contains(IN_FRONT)
}

/// Returns the program that our lines call.
pub(super) fn program(text: &str) -> Option<String> {
    let line = text.lines().find_map(|line| line.strip_prefix("rutter_program="))?;
    let inner = line.strip_prefix('\'').and_then(|line| line.strip_suffix('\'')).unwrap_or(line);
    Some(inner.replace("'\\''", "'"))
}

/// Reports whether a first line names a shell that reads our lines.
fn is_shell(first: &str) -> bool {
    let Some(command) = first.strip_prefix("#!") else { return false };
    let mut words = command.split_whitespace();
    let is_one = |word: &str| ["sh", "bash", "dash", "zsh", "ksh"].contains(&word.rsplit('/').next().unwrap_or(word));
    match words.next() {
        Some(program) if program.rsplit('/').next() == Some("env") => words.find(|word| !word.starts_with('-')).is_some_and(is_one),
        Some(program) => is_one(program) && !first.ends_with('\r'),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn taking_our_lines_out_gives_the_bytes_back() {
        for text in ["#!/bin/sh\necho mine\n", "#!/usr/bin/env bash\nset -e\n\nexit 0", "#!/bin/sh -e\n"] {
            let with = put_in(text, "/opt/it's/rutter", "commit-msg").unwrap();
            assert!(is_in(&with) && !is_alone(&put_in("#!/bin/sh\nx\n", "r", "h").unwrap()));
            assert_eq!(put_in(&with, "/opt/it's/rutter", "commit-msg").unwrap(), with);
            assert_eq!(take_out(&with), text);
            assert_eq!(program(&with).as_deref(), Some("/opt/it's/rutter"));
        }
        assert!(is_alone(&alone("/usr/bin/rutter", "commit-msg")));
    }

    #[test]
    fn only_a_shell_gets_our_lines() {
        for other in
            ["#!/usr/bin/env python3\nprint()\n", "\u{7f}ELF", "echo no first line\n", "#!/bin/sh\r\nexit\r\n", "#!/usr/bin/perl\n"]
        {
            assert_eq!(put_in(other, "r", "commit-msg"), None, "{other:?}");
        }
    }
}
