#!/usr/bin/env python3
# rutter:shim (`rutter shims uninstall` removes it, and puts back what was here before)
"""The commands of session-id-generator.py, done by rutter."""

import argparse
import os
import shutil
import subprocess
import sys

RUTTER = @RUTTER@


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
    parser = argparse.ArgumentParser(description="Session ids, kept by rutter")
    verbs = parser.add_subparsers(dest="verb", required=True)
    create = verbs.add_parser("create", help="create a session and print its id")
    create.add_argument("--type")
    create.add_argument("--description")
    verbs.add_parser("current", help="show the current session")
    listing = verbs.add_parser("list", help="list sessions, newest first")
    listing.add_argument("--limit", type=int)
    for name, about in (("stats", "show a session's numbers"), ("end", "end a session"), ("banner", "show a session's banner")):
        each = verbs.add_parser(name, help=about)
        each.add_argument("--session-id", dest="session")
        if name == "end":
            each.add_argument("--status")
    add = verbs.add_parser("add-work", help="add a work item and print its id")
    add.add_argument("--session-id", dest="session")
    add.add_argument("--type", required=True)
    add.add_argument("--description", required=True)
    done = verbs.add_parser("complete-work", help="complete a work item")
    done.add_argument("--session-id", dest="session")
    done.add_argument("--work-id", required=True)
    done.add_argument("--status")
    wish = parser.parse_args()

    if wish.verb == "create":
        return run("start", *flag("type", wish.type), *flag("description", wish.description))
    if wish.verb == "current":
        found = subprocess.run([rutter(), "current"], stdout=subprocess.PIPE, text=True)
        if found.returncode:
            return found.returncode
        print(f"Current Session: {found.stdout.strip()}", flush=True)
        return run("banner", found.stdout.strip())
    if wish.verb == "list":
        return run("list", *flag("limit", wish.limit))
    if wish.verb == "add-work":
        return run("work", "add", *flag("session", wish.session), "--", wish.type, wish.description)
    if wish.verb == "complete-work":
        return run("work", "done", *flag("status", wish.status), *flag("session", wish.session), "--", wish.work_id)
    named = [] if wish.session is None else [wish.session]
    return run(wish.verb, *named, *(flag("status", wish.status) if wish.verb == "end" else []))


if __name__ == "__main__":
    sys.exit(main())
