#!/bin/sh
# Scripts parse, and shellcheck (where installed) finds nothing to warn about.
set -eu
cd "$(dirname "$0")/../.."
rc=0
scripts=$(find test -name '*.sh' | LC_ALL=C sort)
for f in $scripts; do
	sh -n "$f" || rc=1
done
[ ! -e .ci/run ] || bash -n .ci/run || rc=1
if command -v shellcheck >/dev/null; then
	# A sourced file is checked by itself; lib.sh sets what others read, and reads what they set.
	# shellcheck disable=SC2086
	printf '%s\n' $scripts | xargs -P 2 -n 8 shellcheck -s sh -S warning -e SC1090,SC1091,SC2034,SC2046,SC2154,SC3043 >&2 || rc=1
	[ ! -e .ci/run ] || shellcheck -s bash -S warning .ci/run >&2 || rc=1
fi
exit $rc
