#!/bin/sh
# No marks of unfinished work, no paths of somebody's machine, no numbers of a tracker, no struct hidden behind a typedef.
# (The patterns are written so that they do not find themselves.)
set -eu
cd "$(dirname "$0")/../.."
rc=0
tell() { # WHAT: complains about each line of its input
	while IFS= read -r line; do
		printf '%s: %s\n' "$1" "$line" >&2
	done
	return 0
}
places=
for p in daemon cdc staging endpoints test etc man systemd .ci/run Makefile README.md; do
	[ ! -e "$p" ] || places="$places $p"
done
check() { # WHAT GREP-OPTIONS PATTERN
	# shellcheck disable=SC2086
	found=$(grep -rnI --exclude-dir=corpus "$2" -e "$3" $places || :)
	[ -z "$found" ] || { printf '%s\n' "$found" | cut -c 1-160 | tell "$1"; rc=1; }
}
check 'mark of unfinished work' -E '(^|[^A-Za-z])(TO[D]O|FIX[M]E|XX[X]|HA[C]K|not impl[e]mented|unimpl[e]mented)([^A-Za-z]|$)'
check 'path of a machine' -E '/wor[k]/|/far[m]/|/tmp/bash_job[s]|\.librar[y]|/home/[a-z]+/'
check 'number of a tracker' -Ei '(^|[^a-z])issue[s]? #?[0-9]'
check 'struct behind a typedef' -E '^[[:space:]]*typed[e]f (struct|union)'
exit $rc
