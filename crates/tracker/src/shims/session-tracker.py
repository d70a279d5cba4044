#!/usr/bin/env python3
# rutter:shim (`rutter shims uninstall` removes it, and puts back what was here before)
"""The commands of session-tracker.py, done by rutter."""

import argparse
import os
import shutil
import subprocess
import sys

RUTTER = @RUTTER@
CATEGORIES = ("implementation", "testing", "planning", "bugfix", "refactor", "documentation")


def rutter():
    return RUTTER if os.access(RUTTER, os.X_OK) else shutil.which("rutter") or "rutter"


def run(*words):
    try:
        return subprocess.call([rutter(), *words])
    except OSError as error:
        print(f"cannot run rutter: {error}", file=sys.stderr)
        return 3


def flag(name, value):
    return [] if value is None else [f"--{name}={value}"]


def main():
    parser = argparse.ArgumentParser(description="Sessions, tracked by rutter")
    verbs = parser.add_subparsers(dest="verb", required=True)

    def verb(name, about, message=False):
        each = verbs.add_parser(name, help=about)
        each.add_argument("--session", help="the session's number, 00003 (default: CURRENT_SESSION, else the current one)")
        if message:
            each.add_argument("--message", required=True)
            each.add_argument("--at", help="when it happened: 13:45")
        return each

    verb("init", "start tracking a session").add_argument("--description")
    verb("log", "log what was done", message=True).add_argument("--category", nargs="?", help=", ".join(CATEGORIES))
    verb("decision", "log a decision and why", message=True).add_argument("--rationale", nargs="?", default="")
    test = verb("test", "log test results", message=True)
    test.add_argument("--passed", type=int)
    test.add_argument("--failed", type=int)
    verb("blocker", "log what is in the way", message=True)
    verb("todo", "leave something for the next session", message=True)
    verb("handoff", "write the handoff")
    verb("files", "list the files that were touched")
    verb("summary", "sum the session up")
    verb("end", "end the session")
    wish = parser.parse_args()

    session = wish.session.lstrip("#") if wish.session else None
    named = flag("session", session)
    if wish.verb == "init":
        number = session or os.environ.get("CURRENT_SESSION", "").lstrip("#")
        if not number.isdigit():
            parser.error("init needs the session's number: --session 00003")
        return run("start", "--quiet", f"--number={int(number)}", *flag("description", wish.description))
    if wish.verb in ("log", "decision", "test", "blocker", "todo"):
        rest = [*flag("at", wish.at), f"--message={wish.message}"]
        if wish.verb == "log":
            # An empty category is none: make hands one on where nobody gave any.
            rest += flag("category", wish.category or None)
        if wish.verb == "decision":
            rest += flag("rationale", wish.rationale or "")
        if wish.verb == "test":
            rest += flag("passed", wish.passed) + flag("failed", wish.failed)
        return run(wish.verb, *named, *rest)
    if wish.verb == "handoff":
        return run("handoff", "--write", *named)
    return run(wish.verb, *named)


if __name__ == "__main__":
    sys.exit(main())
