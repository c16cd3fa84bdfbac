#!/bin/sh
# A function has at most 100 lines (a flat switch excepted: /* flat switch */ stands directly above it), a file 900 (a test's 1200).
set -eu
cd "$(dirname "$0")/../.."
find daemon cdc staging endpoints test -name '*.[ch]' 2>/dev/null | LC_ALL=C sort | xargs awk '
function file_end() {
	limit = file ~ /^test\// ? 1200 : 900
	if (lines > limit) {
		print file ": " lines " lines, " limit " are enough"
		bad = 1
	}
}
FNR == 1 { file_end(); file = FILENAME; start = flat = 0 }
{ lines = FNR }
/^\/\*.*flat switch.*\*\// { flat = 1; next }
/^[ \t]*$/ && !start { flat = 0 }
/^\{/ { start = FNR }
/^\}/ {
	if (start && FNR - start > 100 && !flat) {
		print FILENAME ":" start ": a function of " FNR - start " lines, 100 are enough"
		bad = 1
	}
	start = flat = 0
}
END { file_end(); exit bad }' >&2
