#!/bin/sh
# The publication is changed by hand: a table taken out, options that lose changes. The task stops or the table is suspect;
# nothing is put back in silence, and what a DBA mends by hand does not hide what was missed meanwhile.
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

step 'a table is taken out while it streams'
sql src "ALTER PUBLICATION repld_t DROP TABLE a"
sql src "INSERT INTO a VALUES (2, 'lost'); INSERT INTO b VALUES (2, 'later')"
ctl sync t --timeout 20 >/dev/null 2>&1 || :
hole 'table public.a .*publication repld_t' 'repld ctl resync t public.a'

step 'a restart does not put it back'
run_rc 0 ctl restart t
hole 'table public.a .*publication repld_t' 'repld ctl resync t public.a'
expect 'in the publication' 0 "$(sql src "SELECT count(*) FROM pg_publication_tables WHERE pubname = 'repld_t' AND tablename = 'a'")"

step 'resync puts it back and loads it again, while the others go on'
run_rc 0 ctl resync t public.a --yes
wait_state t running
synced t
wait_for 20 table_is a streaming || fail "a is $(table_get t public.a state)"
compare public.a public.b public.p

step 'put back by hand: it streams on, suspect'
sql src "ALTER PUBLICATION repld_t DROP TABLE a; INSERT INTO a VALUES (4, 'lost')"
ctl sync t --timeout 20 >/dev/null 2>&1 || :
hole 'table public.a' 'repld ctl resync t public.a'
sql src "ALTER PUBLICATION repld_t ADD TABLE a; INSERT INTO a VALUES (3, 'streamed')"
run_rc 0 ctl restart t
wait_state t running
synced t
expect 'state of a' suspect "$(table_get t public.a state)"
expect 'what was missed is missing' '1,2,3' "$(sql dst "SELECT string_agg(id::text, ',' ORDER BY id) FROM a")"
reload

step 'taken out and put back while it streams'
sql src "ALTER PUBLICATION repld_t DROP TABLE b; INSERT INTO b VALUES (10, 'lost'); ALTER PUBLICATION repld_t ADD TABLE b"
synced t
wait_for 15 table_is b suspect || fail "b is $(table_get t public.b state)"
table_get t public.b error >"$TMP/out"
expect_text 'taken out of publication repld_t and put back' "$TMP/out"
expect 'state of a' streaming "$(table_get t public.a state)"
reload

step 'an option that loses changes'
sql src "ALTER PUBLICATION repld_t SET (publish = 'insert, update')"
sql src "DELETE FROM a WHERE id = 1"
ctl sync t --timeout 20 >/dev/null 2>&1 || :
hole 'does not publish all of insert, update, delete, truncate' 'reload|resync'
sql src "ALTER PUBLICATION repld_t SET (publish = 'insert, update, delete, truncate')"
run_rc 0 ctl restart t
wait_state t running
synced t
expect 'state of a' suspect "$(table_get t public.a state)"
reload
sql src "ALTER PUBLICATION repld_t SET (publish_via_partition_root = true)"
ctl sync t --timeout 20 >/dev/null 2>&1 || :
hole 'publish_via_partition_root' 'reload|resync'
reload

step 'a row filter, a column list'
if [ "$PGVERSION" -ge 15 ]; then
	for what in 'WHERE (id > 5)' '(id)'; do
		sql src "ALTER PUBLICATION repld_t SET TABLE ONLY a $what, ONLY b, ONLY p"
		sql src "INSERT INTO a VALUES (3, 'x') ON CONFLICT (id) DO UPDATE SET v = 'y'"
		ctl sync t --timeout 20 >/dev/null 2>&1 || :
		hole 'table public.a .*in part' 'resync t public.a'
		sql src "ALTER PUBLICATION repld_t SET TABLE ONLY a, ONLY b, ONLY p"
		reload
	done
fi

repld_stop
