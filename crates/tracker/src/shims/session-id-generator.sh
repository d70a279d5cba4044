#!/usr/bin/env bash
# rutter:shim (`rutter shims uninstall` removes it, and puts back what was here before)
#
# The commands of session-id-generator.sh, done by rutter.
set -u
rutter=@RUTTER@
[ -x "$rutter" ] || rutter=rutter

usage() {
    echo "Usage: $(basename "$0") {create|current|list|stats|end|add-work|complete-work} [options]

  create        [--type TYPE] [--description TEXT]    create a session and print its id
  current                                             show the current session
  list          [--limit N]                           list sessions, newest first
  stats         [--session-id ID]                     show its numbers
  end           [--session-id ID] [--status STATUS]   end it
  add-work      --type TYPE --description TEXT [--session-id ID]
  complete-work --work-id ID [--status STATUS]" >&2
    exit 2
}

verb=${1-}
[ $# -gt 0 ] && shift
type='' description='' id='' limit='' status='' work=''
while [ $# -gt 0 ]; do
    case $1 in
        --type) type=${2?"$1 needs a value"} ;;
        --description) description=${2?"$1 needs a value"} ;;
        --session-id | --session) id=${2?"$1 needs a value"} ;;
        --work-id) work=${2?"$1 needs a value"} ;;
        --limit) limit=${2?"$1 needs a value"} ;;
        --status) status=${2?"$1 needs a value"} ;;
        *) usage ;;
    esac
    shift 2
done

case $verb in
    create) exec "$rutter" start ${type:+--type "$type"} ${description:+--description "$description"} ;;
    current)
        current=$("$rutter" current) || exit
        echo "Current Session: $current"
        exec "$rutter" banner "$current"
        ;;
    list) exec "$rutter" list ${limit:+--limit "$limit"} ;;
    stats) exec "$rutter" stats ${id:+"$id"} ;;
    end) exec "$rutter" end ${id:+"$id"} ${status:+--status "$status"} ;;
    add-work)
        [ -n "$type" ] && [ -n "$description" ] || usage
        exec "$rutter" work add ${id:+--session "$id"} -- "$type" "$description"
        ;;
    complete-work)
        [ -n "$work" ] || usage
        exec "$rutter" work done ${status:+--status "$status"} ${id:+--session "$id"} -- "$work"
        ;;
    *) usage ;;
esac
