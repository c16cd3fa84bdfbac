#!/bin/sh
# A target that makes small letters of tables' names: a name with capitals is found by check, and with another name the table is written.
# timeout: 120
TOP=$(cd "$(dirname "$0")/../.." && pwd)
SRC_KIND=postgresql DST_KIND=mariadb
. "$TOP/test/system/lib.sh"

needs
db_start src
db_start dst lower-case-table-names=1
sql src 'CREATE TABLE "Users" (id int PRIMARY KEY, v int); INSERT INTO "Users" SELECT g, g FROM generate_series(1, 10) g'
conf_write <<CONF
	t: { source = "src"; target = "dst"; tables = ( { include = "public.Users"; } ); };
CONF

step 'check names it, and the remedy'
"$REPLD" check -c "$CONF" >"$TMP/check" 2>&1 && fail 'check finds nothing'
expect_text 'lower_case_table_names is 1 on the target' "$TMP/check"
expect_text 'a name of small letters by target' "$TMP/check"

step 'the remedy does'
sed -i 's/include = "public.Users";/& target = "app.users"; /' "$CONF"
"$REPLD" check -c "$CONF" >"$TMP/check" 2>&1 || { cat "$TMP/check" >&2; fail 'check finds blockers'; }
repld_start
loaded t
sql src 'UPDATE "Users" SET v = 0 WHERE id < 5; TRUNCATE "Users"; INSERT INTO "Users" VALUES (1, 2)'
synced t
expect 'the row' '1|2' "$(sql dst 'SELECT * FROM users')"
repld_stop
