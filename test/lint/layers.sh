#!/bin/sh
# Every #include "x/y.h" must point to its own rank or lower: daemon > endpoints > staging > cdc > daemon/base,
# and each outside library is known to the few files named here.
set -eu
cd "$(dirname "$0")/../.."
dirs=
for d in daemon cdc staging endpoints; do [ ! -d "$d" ] || dirs="$dirs $d"; done
# shellcheck disable=SC2086
find $dirs -name '*.[ch]' -o -name '*.def' | LC_ALL=C sort | xargs awk '
function rank(f) {
	if (f ~ /^daemon\/base\//) return 0
	if (f ~ /^cdc\//) return 1
	if (f ~ /^staging\//) return 2
	if (f ~ /^endpoints\//) return 3
	if (f ~ /^daemon\//) return 4
	return 9
}
function only(pattern, files) {
	if (name ~ "^(" pattern ")" && FILENAME !~ "^(" files ")$")
		complain("must not include <" name ">")
}
function complain(text) {
	print FILENAME ":" FNR ": " text
	bad = 1
}
/^[ \t]*#[ \t]*include[ \t]*"/ {
	split($0, part, "\"")
	if (rank(part[2]) > rank(FILENAME))
		complain("must not include " part[2])
	# the header that brings libpq along stays among what speaks PostgreSQL
	if (part[2] == "endpoints/pg_conn.h" && FILENAME !~ /^endpoints\/(pg_|table_ddl)/)
		complain("must not include " part[2])
}
/^[ \t]*#[ \t]*include[ \t]*</ {
	name = $0
	sub(/^[^<]*</, "", name)
	sub(/>.*/, "", name)
	only("libpq|pg_config|postgres|catalog/", "endpoints/pg_[a-z_]*\\.[ch]")
	only("mysql|mariadb|errmsg", "endpoints/my_[a-z_]*\\.c")
	only("event", "daemon/(supervisor[a-z_]*|worker|ctl|http|task|foreground)\\.[ch]")
	only("libconfig", "daemon/conf\\.c")
	only("systemd/", "daemon/notify\\.c")
	only("sqlite", "staging/expr_sqlite\\.c")
	only("zlib|zstd", "cdc/binlog[a-z_]*\\.c")
	only("openssl", "endpoints/(pg|my)_conn\\.c")
}
END { exit bad }' >&2
