#!/bin/sh
# A source table changes its shape, mid-stream and while repld is down: the task stops there, names the difference and the ALTER, applies
# nothing past it; after the ALTER on the target `ctl restart` goes on.
# matrix: postgresql
# timeout: 120
TOP=$(cd "$(dirname "$0")/../.." && pwd)
. "$TOP/test/system/lib.sh"
skip_if_no_server

pg_start src
pg_start dst
sql src "CREATE TABLE a (id int PRIMARY KEY, name varchar(20)); CREATE TABLE b (id int PRIMARY KEY, v int);
	INSERT INTO a VALUES (1, 'one'); INSERT INTO b VALUES (1, 1)"
conf_task t
repld_start
loaded t

stopped_at() {			# TABLE WHAT-THE-MESSAGE-NAMES
	wait_state t error 40
	ctl status t >"$TMP/out" || :
	expect_text "$1" "$TMP/out"
	expect_text "$2" "$TMP/out"
	expect_text 'ctl restart' "$TMP/out"
	[ -n "$(task_get t error.message)" ] || fail 'no message'
	case $(task_get t error.position) in */*) ;; *) fail "no position: $(task_get t error.position)" ;; esac
	say "   $(task_get t error.message)"
	say "   fix: $(task_get t error.remedy)"
}
restart() {
	run_rc 0 ctl restart t
	wait_state t running
	synced t
}

step 'a column is added mid-stream'
sql src "INSERT INTO a VALUES (2, 'two'); UPDATE b SET v = 2"
synced t
sql src "ALTER TABLE a ADD email text"
sql src "INSERT INTO a VALUES (3, 'three', 'x@example.org'); UPDATE b SET v = 3"
stopped_at 'public\.a' email
expect_text 'ALTER TABLE .*ADD' "$TMP/out"
expect 'rows applied past it' '2|2' "$(sql dst 'SELECT (SELECT count(*) FROM a), (SELECT v FROM b)')"
run_rc 1 ctl status

step 'restart without the ALTER stops again'
ctl restart t >/dev/null || :
stopped_at 'public\.a' email
expect 'rows applied past it' '2|2' "$(sql dst 'SELECT (SELECT count(*) FROM a), (SELECT v FROM b)')"

step 'after the ALTER it goes on'
sql dst 'ALTER TABLE a ADD email text'
restart
compare public.a public.b

step 'a type is widened while repld is down'
repld_stop
sql src "INSERT INTO a VALUES (4, 'before'); ALTER TABLE a ALTER name TYPE varchar(40);
	INSERT INTO a VALUES (5, 'a name that is longer than twenty'); UPDATE b SET v = 5"
repld_start
stopped_at 'public\.a' name
expect 'the change after it' 3 "$(sql dst 'SELECT v FROM b')"
sql dst 'ALTER TABLE a ALTER name TYPE varchar(40)'
restart
compare public.a public.b

step 'a column is renamed'
sql src "ALTER TABLE a RENAME email TO mail"
sql src "UPDATE a SET mail = 'new' WHERE id = 1; UPDATE b SET v = 6"
stopped_at 'public\.a' mail
sql dst 'ALTER TABLE a RENAME email TO mail'
restart
compare public.a public.b

step 'a column is dropped; two columns change their names'
sql src "ALTER TABLE b ADD w int"
sql dst "ALTER TABLE b ADD w int"
sql src "INSERT INTO b VALUES (2, 20, 200)"
wait_state t error 40
restart
sql src "BEGIN; ALTER TABLE b RENAME v TO x; ALTER TABLE b RENAME w TO v; ALTER TABLE b RENAME x TO w; COMMIT"
sql src "INSERT INTO b VALUES (3, 33, 44)"
stopped_at 'public\.b' column
expect 'nothing past it' 2 "$(sql dst 'SELECT count(*) FROM b')"
sql dst "ALTER TABLE b RENAME v TO x; ALTER TABLE b RENAME w TO v; ALTER TABLE b RENAME x TO w"
restart
compare public.b

step 'a table leaves the rules instead'
sql src 'ALTER TABLE a DROP COLUMN mail'
sql src "INSERT INTO a VALUES (6, 'six'); INSERT INTO b VALUES (4, 4, 4)"
stopped_at 'public\.a' mail
sed -i 's/{ include = "public.\*"; }/{ include = "public.*"; }, { exclude = "public.a"; }/' "$CONF"
ctl reload >/dev/null || :
ctl restart t >/dev/null || :
wait_state t running
synced t
compare public.b
expect 'the table that left stays as it was' 5 "$(sql dst 'SELECT count(*) FROM a')"
repld_stop
