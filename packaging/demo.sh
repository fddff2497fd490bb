#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The main job on the real index, by public commands only: a vulnerable requirement is blocked and nothing is installed,
# a clean one is installed. Everything happens in a throw-away folder. Ends with 0 only if both were seen.
set -u
B=${B:-build}
case $B in /*) ;; *) B=$PWD/$B ;; esac
D=$(mktemp -d) || exit 1
trap 'rm -rf "$D"' EXIT INT TERM
FEED=${PIPGATE_DEMO_FEED:-https://osv-vulnerabilities.storage.googleapis.com/PyPI/all.zip}

step() { printf '\n\033[1m$ %s\033[0m\n' "$*"; }
fail() { printf '\ndemo: FAILED: %s\n' "$*" >&2; exit 1; }
# What an environment holds: every path with the digest of its bytes.
tree() { (cd "$D/env" && find . -name __pycache__ -prune -o -type f -exec sha256sum {} + | sort | sha256sum); }

step "python3 -m venv env; . env/bin/activate; pipgate shims bin"
python3 -m venv "$D/env" || fail "no virtual environment could be made"
"$B/pipgate" shims "$D/bin" 2>/dev/null || fail "no links could be made"
# shellcheck disable=SC1091 # made a moment ago
. "$D/env/bin/activate"
PATH=$D/bin:$PATH
export PATH PIPGATE_DB="$D/advisories.db"

step "pipgate db build osv=$FEED"
if timeout 30 "$B/pipgate" db build -o "$PIPGATE_DB" "osv=$FEED" 2>"$D/feed.log"; then
	cat "$D/feed.log"
	echo "demo: the advisory database is OSV's own"
else
	head -n 1 "$D/feed.log"
	echo "demo: the feed did not answer; the advisory database is the starter set that ships with pipgate"
	"$B/pipgate" db build -o "$PIPGATE_DB" dir=packaging/starter || fail "the starter set does not build"
fi

before=$(tree)
step "pip install jinja2==2.10"
pip install jinja2==2.10
status=$?
echo "exit status: $status"
[ "$status" -eq 40 ] || fail "a vulnerable requirement ended with $status, not with 40"
[ "$before" = "$(tree)" ] || fail "something was installed"
echo "demo: blocked, and the environment is what it was, byte by byte"

step "pip install idna"
pip install idna
status=$?
echo "exit status: $status"
[ "$status" -eq 0 ] || fail "a clean requirement ended with $status"
"$D/env/bin/python" -c 'import idna' || fail "idna is not there"
printf '\ndemo: a vulnerable requirement was blocked, a clean one installed\n'
