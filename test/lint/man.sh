#!/bin/sh
# The manual pages are clean mdoc, for groff and for mandoc, where they are installed.
set -eu
cd "$(dirname "$0")/../.."
rc=0
for page in man/*.[1-9]; do
	[ -e "$page" ] || continue
	if command -v groff >/dev/null; then
		said=$(groff -mdoc -ww -z -Tutf8 -Kutf8 "$page" 2>&1 || groff -mdoc -ww -z -Tutf8 "$page" 2>&1 || :)
		[ -z "$said" ] || { printf '%s\n' "$said" >&2; rc=1; }
	fi
	if command -v mandoc >/dev/null; then
		said=$(mandoc -T lint -W warning "$page" 2>&1 || :)
		[ -z "$said" ] || { printf '%s\n' "$said" >&2; rc=1; }
	fi
done
exit $rc
