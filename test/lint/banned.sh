#!/bin/sh
# Calls that have a safer form here, and memory outside daemon/base without its helpers.
set -eu
cd "$(dirname "$0")/../.."
unsafe='strcpy|strcat|sprintf|vsprintf|strtok|atoi|atol|atoll|atof|gets|alloca|gmtime|localtime|ctime|asctime'
memory='malloc|calloc|realloc|reallocarray|strdup|strndup|asprintf'
# $1: names, then files. Comments of one line and texts are taken out first.
calls() {
	names=$1
	shift
	[ $# -eq 0 ] || awk -v names="$names" '
	{
		line = $0
		gsub(/\\./, "", line)
		gsub(/"[^"]*"/, "\"\"", line)
		gsub(/\/\*[^*]*\*\//, "", line)
		sub(/\/\*.*/, "", line)
		if (line ~ /^[ \t]*\*/)
			next
		if (match(line, "(^|[^A-Za-z0-9_])(" names ")[ \t]*\\(")) {
			print FILENAME ":" FNR ": banned call: " substr(line, RSTART, RLENGTH) ")"
			bad = 1
		}
	}
	END { exit bad }' "$@"
}
rc=0
# shellcheck disable=SC2046
calls "$unsafe" $(find daemon cdc staging endpoints test -name '*.[ch]' 2>/dev/null | LC_ALL=C sort) >&2 || rc=1
# shellcheck disable=SC2046
calls "$memory" $(find daemon cdc staging endpoints -name '*.[ch]' ! -path 'daemon/base/*' 2>/dev/null |
	LC_ALL=C sort) >&2 || rc=1
exit $rc
