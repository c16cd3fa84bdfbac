#!/bin/sh
# Runs the parts of the torture: test/torture/PART.sh, each in less than an hour on two cores; all of them without arguments. Each adds its lines to
# $O/torture.txt: the commit, the part, what was done how often, what came of it. Exit 1 where something was lost, doubled or stuck.
#	run.sh [PART...]		(make torture PART=kills)
set -u
TOP=$(cd "$(dirname "$0")/../.." && pwd)
cd "$TOP" || exit 2
: "${O:=$TOP/build}"
export O TOP
export REPLD="$O/repld" REPLD_FAULTY="$O/faults/repld" LC_ALL=C
export TORTURE="$O/torture.txt"
TORTURE_COMMIT=$(git rev-parse --short HEAD 2>/dev/null || echo unknown)
git diff --quiet HEAD 2>/dev/null || TORTURE_COMMIT="$TORTURE_COMMIT+"
export TORTURE_COMMIT

[ $# -gt 0 ] || set -- $(cd test/torture && ls -- *.sh | sed -e '/^run\.sh$/d' -e '/^lib/d' -e 's/\.sh$//')
rc=0
for part; do
	[ -e "test/torture/$part.sh" ] || { echo "torture: no part $part"; exit 2; }
	start=$(date +%s)
	echo "== $part"
	sh "test/torture/$part.sh" || { rc=1; echo "$TORTURE_COMMIT $part FAILED" >>"$TORTURE"; }
	echo "== $part: $(($(date +%s) - start)) s"
done
echo
cat "$TORTURE"
exit $rc
