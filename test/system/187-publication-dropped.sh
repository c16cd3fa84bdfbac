#!/bin/sh
# The publication is dropped, or made again; a partition is made unlogged: changes are missing, and what a DBA mends by hand does not hide it.
# timeout: 120
TOP=$(cd "$(dirname "$0")/../.." && pwd)
. "$TOP/test/system/lib.sh"
skip_if_no_server

pg_start src
pg_start dst
sql src "CREATE TABLE a (id int PRIMARY KEY, v text); CREATE TABLE b (id int PRIMARY KEY, v text);
	CREATE TABLE p (id int PRIMARY KEY, v text) PARTITION BY RANGE (id); CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (100);
	INSERT INTO a VALUES (1, 'a'); INSERT INTO b VALUES (1, 'b'); INSERT INTO p VALUES (1, 'p')"
conf_task t
repld_start
loaded t

table_is() { [ "$(table_get t "public.$1" state)" = "$2" ]; }
hole() {			# PATTERN REMEDY-PATTERN
	wait_state t error 30
	expect kind hole "$(task_get t error.kind)"
	ctl status t >"$TMP/out" || :
	expect_text "$1" "$TMP/out"
	expect_text "fix: .*$2" "$TMP/out"
	case $(task_get t error.position) in */*) ;; *) fail "no position: $(task_get t error.position)" ;; esac
}
reload() {
	run_rc 0 ctl restart t --reload --yes
	wait_state t running
	loaded t
	synced t
	compare public.a public.b public.p
	for t in a b p; do
		expect "state of $t" streaming "$(table_get t "public.$t" state)"
	done
}

step 'made again, under another owner, while nothing was changed'
sql src "CREATE ROLE other SUPERUSER; ALTER PUBLICATION repld_t OWNER TO other"
synced t
for t in a b p; do
	expect "state of $t" streaming "$(table_get t "public.$t" state)"
done
sql src "DROP PUBLICATION repld_t; CREATE PUBLICATION repld_t FOR TABLE a, b, p"
sql src "INSERT INTO a VALUES (20, 'x')"
synced t
wait_for 15 table_is p suspect || fail "p is $(table_get t public.p state)"
table_get t public.p error >"$TMP/out"
expect_text 'dropped and made again' "$TMP/out"

step 'dropped while it streams'
sql src "COMMENT ON PUBLICATION repld_t IS 'made by repld for task t'"
reload
sql src "DROP PUBLICATION repld_t"
sql src "INSERT INTO a VALUES (21, 'lost')"
ctl sync t --timeout 20 >/dev/null 2>&1 || :
hole 'publication .*repld_t' 'restart t --reload'
say "   $(task_get t error.message)"
reload

step 'dropped while repld is down'
repld_stop
sql src "DROP PUBLICATION repld_t; INSERT INTO a VALUES (22, 'lost')"
repld_start
hole 'publication repld_t is gone' 'restart t --reload'
reload

step 'a partition is made unlogged'
sql src "ALTER TABLE p1 SET UNLOGGED; INSERT INTO p VALUES (50, 'lost')"
ctl sync t --timeout 20 >/dev/null 2>&1 || :
hole 'partition public.p1 was made unlogged' 'resync t public.p'
sql src "ALTER TABLE p1 SET LOGGED; INSERT INTO p VALUES (51, 'streamed')"
run_rc 0 ctl restart t
wait_state t running
synced t
expect 'state of p' suspect "$(table_get t public.p state)"
run_rc 0 ctl resync t public.p --yes
wait_state t running
synced t
wait_for 20 table_is p streaming || fail "p is $(table_get t public.p state)"
compare public.p
repld_stop
