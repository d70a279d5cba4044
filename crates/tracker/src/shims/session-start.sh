#!/usr/bin/env bash
# rutter:shim (`rutter shims uninstall` removes it, and puts back what was here before)
#
# The last step of session-start.sh, done by rutter: a new session and its banner.
set -u
rutter=@RUTTER@
[ -x "$rutter" ] || rutter=rutter

echo "[7/7] Generating Session ID for tracking..."
echo
id=$("$rutter" start --quiet "$@") || exit
"$rutter" banner --short "$id"
