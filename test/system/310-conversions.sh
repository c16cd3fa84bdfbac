#!/bin/sh
# The cells of the conversions on real servers: what is written is what was meant, is found by itself as a key, and comes back as it was.
# timeout: 240
TOP=$(cd "$(dirname "$0")/../.." && pwd)
. "$TOP/test/system/lib.sh"
needs mysql mariadb postgresql

step 'servers'
for server in pgdst mydst madst; do
	db_start $server
done

step 'each value on its way'
[ -x "$O/test/system/conversions" ] || fail 'conversions is not built: make tests'
"$O/test/system/conversions" "$TMP/pgdst" "$TMP/mydst" "$TMP/madst" || fail 'values differ'
