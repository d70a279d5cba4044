//! Homes, inboxes and surroundings that are not as they should be, each with one call for every event.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use inbox::Loss;

use crate::call::{Hook, own_mounts};

/// What becomes of the payloads.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fate {
    /// All are recorded.
    Recorded,
    /// All are lost, and counted.
    Counted(Loss),
    /// All are lost, and there is nowhere to count.
    Gone,
}

use Fate::{Counted, Gone, Recorded};

const EVENTS: usize = 32;

/// Makes what stands in the place of today's segment (and of tomorrow's: midnight comes also to tests) with a command.
const INSTEAD: &str = r#"instead() {
    all "$0" claude-code
    for day in $(date -u +%Y%m%d) $(date -u -d tomorrow +%Y%m%d); do for segment in "$STORE"/inbox/*.frames; do
        where="$STORE/inbox/$day-${segment##*-}"; rm -f "$where"; "$@" "$where"
    done; done
}
"#;

fn check(fault: &str, fate: Fate) {
    let hook = Hook::new();
    let said = hook.script(&[], &format!("{INSTEAD}{fault}"));
    assert_eq!(said, "", "{fault}");
    let found = (hook.records().len(), hook.losses());
    let expected = match fate {
        Recorded => (EVENTS, vec![]),
        Counted(loss) => (0, vec![(loss, EVENTS as u64)]),
        Gone => (0, vec![]),
    };
    assert_eq!(found, expected, "{fault}");
}

#[test]
fn h1_a_home_that_is_none() {
    for (fault, fate) in [
        (r#"all env -u HOME "$0" claude-code"#, Gone),
        (r#"HOME= all "$0" claude-code"#, Gone),
        (r#"HOME=here all "$0" claude-code; ! [ -e here ]"#, Gone),
        (r#": >file; HOME="$PWD/file" all "$0" claude-code"#, Gone),
        (r#"HOME=/dev/null all "$0" claude-code"#, Gone),
        (r#"HOME=/proc/self all "$0" claude-code"#, Gone),
        (r#"HOME="$PWD/$(printf 'x%.0s' $(seq 5000))" all "$0" claude-code"#, Gone),
        (r#"XDG_DATA_HOME=relative all "$0" claude-code"#, Recorded),
        (r#"RUTTER_HOME=relative all "$0" claude-code"#, Recorded),
        (r#"all "$0" claude-code --home relative"#, Recorded),
        (r#"all "$0" claude-code --home"#, Recorded),
        (r#"HOME= all "$0" --home "$STORE" claude-code --more"#, Recorded),
        (r#"mkdir -p "$STORE"; rmdir "$STORE"; : >"$STORE"; all "$0" claude-code; rm "$STORE""#, Gone),
        (r#"rm -r "$HOME"; all "$0" claude-code"#, Recorded),
    ] {
        check(fault, fate);
    }
}

#[test]
fn h1_an_inbox_that_is_none() {
    for (fault, fate) in [
        (r#"mkdir -p "$STORE"; : >"$STORE/inbox"; all "$0" claude-code; rm "$STORE/inbox""#, Gone),
        (r#"mkdir -p "$STORE"; mkfifo "$STORE/inbox"; all "$0" claude-code; rm "$STORE/inbox""#, Gone),
        (r#"mkdir -p "$STORE"; ln -s nowhere "$STORE/inbox"; all "$0" claude-code; rm "$STORE/inbox""#, Gone),
        (r#"mkdir -p "$STORE"; ln -s inbox "$STORE/inbox"; all "$0" claude-code; rm "$STORE/inbox""#, Gone),
        (r#"instead mkdir; all "$0" claude-code"#, Counted(Loss::Broken)),
        (r#"instead mkfifo; all "$0" claude-code"#, Counted(Loss::Broken)),
        (r#"instead mkfifo; set -- "$STORE"/inbox/*.frames; exec 3<>"$1" 4<>"$2"; all "$0" claude-code 3>&- 4>&-"#, Counted(Loss::Broken)),
        (r#"touch theirs; instead ln -s "$PWD/theirs"; all "$0" claude-code; cat theirs"#, Counted(Loss::Broken)),
        (r#"instead ln -s /dev/full; all "$0" claude-code"#, Counted(Loss::Broken)),
    ] {
        check(fault, fate);
    }
}

#[test]
fn h1_what_lies_beside_the_segment() {
    for fault in [
        r#"mkdir -p "$STORE/inbox/lost"; all "$0" claude-code"#,
        r#"mkdir -p "$STORE/inbox"; mkfifo "$STORE/inbox/lost"; all "$0" claude-code; rm "$STORE/inbox/lost""#,
        r#"mkdir -p "$STORE/inbox"; ln -s /dev/full "$STORE/inbox/lost"; all "$0" claude-code; rm "$STORE/inbox/lost""#,
        r#"mkdir -p "$STORE/hook.json"; all "$0" claude-code"#,
        r#"mkdir -p "$STORE"; mkfifo "$STORE/hook.json"; all "$0" claude-code"#,
        r#"mkdir -p "$STORE"; ln -s /dev/zero "$STORE/hook.json"; all "$0" claude-code"#,
        r#"mkdir -p "$STORE"; ln -s hook.json "$STORE/hook.json"; all "$0" claude-code"#,
        r#"mkdir -p "$STORE"; printf '{"exclude": 1, "paused_until": "x"' >"$STORE/hook.json"; all "$0" claude-code"#,
    ] {
        check(fault, Recorded);
    }
}

#[test]
fn h1_streams_that_are_closed() {
    for (fault, fate) in [
        (r#"all bash -c 'exec "$0" claude-code >&-' "$0""#, Recorded),
        (r#"all bash -c 'exec "$0" claude-code 2>&-' "$0""#, Recorded),
        (r#"all bash -c 'exec "$0" claude-code >&- 2>&-' "$0""#, Recorded),
        (r#"all "$0" claude-code >/dev/full"#, Recorded),
        (r#"all "$0" claude-code | true"#, Recorded),
        (r#"HOOK_DEBUG=1 all bash -c 'exec "$0" claude-code 2>&-' "$0""#, Recorded),
        (r#"HOOK_DEBUG=1 all "$0" claude-code 2>/dev/full"#, Recorded),
        (r#"HOOK_DEBUG=true all bash -c '"$0" claude-code 2>&1 | true; exit ${PIPESTATUS[0]}' "$0""#, Recorded),
        (r#"all bash -c 'exec "$0" claude-code <&-' "$0""#, Gone),
        (r#"all bash -c 'exec "$0" claude-code <&- >&- 2>&-' "$0""#, Gone),
        (r#"all bash -c 'exec "$0" claude-code </' "$0""#, Counted(Loss::Broken)),
        (r#"all bash -c 'exec "$0" claude-code 0>/dev/null' "$0""#, Counted(Loss::Broken)),
    ] {
        check(fault, fate);
    }
}

#[test]
fn h1_limits_of_the_process() {
    for (fault, fate) in [
        // Beyond the limit on a file's length the system ends a process that writes.
        (r#"all bash -c 'ulimit -f 0; exec "$0" claude-code' "$0""#, Gone),
        (
            r#"all "$0" claude-code; rm "$STORE"/inbox/*.frames; all bash -c 'ulimit -f 2; exec "$0" claude-code <"$PAYLOADS/Stop"' "$0"
            rm "$STORE"/inbox/*.frames; rm "$STORE"/inbox/lost; all "$0" claude-code"#,
            Recorded,
        ),
        (r#"all bash -c 'ulimit -n 4; exec "$0" claude-code' "$0""#, Recorded),
        (r#"all bash -c 'ulimit -n 5; exec 3</dev/null; exec "$0" claude-code' "$0""#, Recorded),
        (r#"all bash -c 'ulimit -s 256; exec "$0" claude-code' "$0""#, Recorded),
        (r#"all bash -c 'ulimit -l 0; ulimit -c 0; ulimit -q 0; ulimit -i 0; exec "$0" claude-code' "$0""#, Recorded),
        (r#"all nice -n 19 "$0" claude-code"#, Recorded),
    ] {
        check(fault, fate);
    }
}

#[test]
fn h1_a_file_that_may_not_grow_further() {
    let hook = Hook::new();
    // The limit is in steps of 1,024 bytes; the counts take two.
    let said = hook.script(&[], r#"all bash -c 'ulimit -f 3; exec "$0" claude-code' "$0""#);
    assert_eq!((said.as_str(), hook.records().len() as u64 + hook.lost()), ("", EVENTS as u64), "{:?}", hook.losses());
    assert!(hook.lost() > 20 && hook.losses().iter().all(|(loss, _)| *loss == Loss::Full), "{:?}", hook.losses());
}

#[test]
fn h1_variables_and_words_that_make_no_sense() {
    for (fault, fate) in [
        (
            r#"for zone in /dev/zero / /etc/passwd ../../etc/passwd :/dev/stdin "$(printf 'x%.0s' $(seq 9000))"; do
            rm -rf "$STORE"; TZ="$zone" all "$0" claude-code; done"#,
            Recorded,
        ),
        (r#"TZ=$'\xff\xfe' RUTTER_OWNER=$'\xff\x1b[31m' CLAUDE_PID=-1 HOOK_DEBUG=false all "$0" claude-code"#, Recorded),
        (r#"CLAUDE_PID=99999999999 all "$0" claude-code"#, Recorded),
        (r#"CLAUDE_PID=1 all "$0" claude-code"#, Recorded),
        (r#"CLAUDE_PID=0 RUTTER_OWNER="$(printf 'x%.0s' $(seq 99000))" all "$0" claude-code"#, Recorded),
        (r#"mkdir gone; cd gone; rmdir ../gone; all "$0" claude-code"#, Recorded),
        (r#"all env -i HOME="$HOME" "$0" claude-code"#, Recorded),
        (r#"all "$0""#, Gone),
        (r#"all "$0" $'\xff\xfe'"#, Gone),
        (r#"all "$0" claude-code --version --help -- claude-code"#, Recorded),
    ] {
        check(fault, fate);
    }
}

#[test]
fn h1_an_agent_that_nobody_knows_is_recorded_all_the_same() {
    let hook = Hook::new();
    assert_eq!(hook.script(&[], r#"all "$0" $'../../\e[31m\n"'; all "$0" """#), "");
    assert_eq!((hook.records().len(), hook.lost()), (2 * EVENTS, 0));
    assert!(hook.records().iter().any(|record| record.envelope()["agent"] == "../../\u{1b}[31m\n\""));
}

#[test]
fn h1_a_home_that_cannot_be_written() {
    let Some(way) = own_mounts() else { return };
    for made in ["", r#"all "$0" claude-code; "#] {
        let hook = Hook::new();
        let readonly = r#"mount --bind "$HOME" "$HOME" && mount -o remount,ro,bind "$HOME" || exit 9; all "$0" claude-code"#;
        assert_eq!(hook.script(way, &format!("{made}{readonly}")), "");
        let expected = if made.is_empty() { 0 } else { EVENTS };
        assert_eq!((hook.records().len(), hook.lost()), (expected, 0));
    }
}

#[test]
fn h1_a_machine_without_proc_dev_and_etc() {
    let Some(way) = own_mounts() else { return };
    let hook = Hook::new();
    let bare = r#"mount -t tmpfs none /proc && mount -t tmpfs none /etc || exit 9; all "$0" claude-code"#;
    assert_eq!(hook.script(way, bare), "");
    assert_eq!((hook.records().len(), hook.lost()), (EVENTS, 0));
}

/// Everything outside the home, but for what the test itself put there.
fn outside(hook: &Hook) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut waiting = vec![hook.root().to_owned()];
    let mut found = BTreeMap::new();
    while let Some(path) = waiting.pop().filter(|path| !path.ends_with("home")).or_else(|| waiting.pop()) {
        if path.is_dir() {
            waiting.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        }
        found.insert(path.clone(), fs::read(&path).unwrap_or_default());
    }
    found
}

#[test]
fn s1_no_foreign_string_becomes_a_path() {
    let hook = Hook::new();
    fs::write(hook.root().join("sentinel"), "do not touch").unwrap();
    let root = hook.root().to_string_lossy().into_owned();
    let long = "x".repeat(10_000);
    let beside = format!("{root}/sentinel");
    let names = [
        "../../x",
        "../../../../sentinel",
        &beside,
        "",
        ".",
        "..",
        "/",
        "a\u{0}b",
        "two\nlines",
        "\u{1b}[2J",
        &long,
        "~",
        "$(touch x)",
        "x.frames",
        "\u{202e}",
    ];
    let fields = ["session_id", "cwd", "tool_name", "tool_use_id", "transcript_path", "hook_event_name", "agent_id", "file_path", "source"];
    let before = outside(&hook);
    for name in names {
        for event in crate::fixtures::each_event().values().step_by(5) {
            let mut payload = event.clone();
            fields.iter().for_each(|field| payload[*field] = name.into());
            hook.call(payload.to_string());
            payload["hook_event_name"] = event["hook_event_name"].clone();
            hook.call(payload.to_string());
        }
    }
    assert_eq!((hook.records().len(), hook.lost()), (names.len() * 7 * 2, 0));
    assert_eq!(outside(&hook), before);
    let inbox: Vec<_> = fs::read_dir(hook.inbox()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert!(inbox.iter().all(|name| name == "lost" || name.ends_with(".frames")), "{inbox:?}");
}
