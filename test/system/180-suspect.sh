#!/bin/sh
# Changes of a source table that are not in the log: the table goes on streaming, but is named as suspect, with the reason and the remedy, over
# restarts; what only rewrites a table's file is not taken for one.
# timeout: 150
TOP=$(cd "$(dirname "$0")/../.." && pwd)
. "$TOP/test/system/lib.sh"
skip_if_no_server

pg_start src
pg_start dst
for t in plain computed filled down owned; do
	sql src "CREATE TABLE $t (id int PRIMARY KEY, v text, n int); INSERT INTO $t SELECT i, 'row ' || i, i FROM generate_series(1, 20) i"
done
conf_task t
repld_start
loaded t

# TABLE PATTERN: streaming goes on, and it is suspect for the reason that PATTERN names.
is_suspect() {
	wait_for 15 table_is "$1" suspect || fail "$1 is $(table_get t "public.$1" state), not suspect"
	table_get t "public.$1" error >"$TMP/out"
	expect_text "$2" "$TMP/out"
	expect_text "repld ctl resync t public.$1" "$TMP/out"
}
table_is() { [ "$(table_get t "public.$1" state)" = "$2" ]; }
still_streaming() {
	for t in "$@"; do
		expect "state of $t" streaming "$(table_get t "public.$t" state)"
	done
}

step 'VACUUM FULL, CLUSTER, TRUNCATE and harmless ALTERs'
sql src "VACUUM FULL plain" && sql src "CLUSTER plain USING plain_pkey"
synced t
sql src "ALTER TABLE plain ALTER n SET STATISTICS 500; ALTER TABLE plain ALTER n SET DEFAULT 7; ALTER TABLE plain ALTER v SET STORAGE external"
synced t
sql src "TRUNCATE plain; INSERT INTO plain VALUES (1, 'after', 1); ANALYZE plain"
synced t
sql src 'VACUUM FULL plain'
sql src 'VACUUM FULL pg_attribute'
sql src 'VACUUM FREEZE pg_class'
synced t
still_streaming plain computed filled down owned
compare public.plain
run_rc 0 ctl status

step 'ALTER ... USING computes other values'
sql src "ALTER TABLE computed ALTER n TYPE int USING n + 1000"
synced t
is_suspect computed 'column n .*USING'
sql src "INSERT INTO computed VALUES (21, 'goes on', 21)"
synced t
expect 'the new row' 'goes on' "$(sql dst 'SELECT v FROM computed WHERE id = 21')"
expect 'the others, as the log has them' 210 "$(sql dst 'SELECT sum(n) FROM computed WHERE id < 21')"
run_rc 1 ctl status t --tables
expect_text 'computed +public.computed +suspect' "$TMP/out"
expect_text 'USING' "$TMP/out"
run_rc 1 ctl status
expect_text '1 table suspect' "$TMP/out"
expect 'in the state on the target' suspect "$(sql dst "SELECT state FROM repld.table_state WHERE source_name = 'computed'")"

step 'it was found by the relation that came anew, too'
sql src "ALTER TABLE owned ALTER n TYPE int USING -n"
sql src "UPDATE owned SET v = 'x' WHERE id = 1"
is_suspect owned 'column n'

step 'it outlives restarts; what is done while repld is down is found at its start'
repld_kill
sql src "ALTER TABLE down ALTER v TYPE text USING upper(v)"
sql src "INSERT INTO down VALUES (30, 'later', 1)"
repld_start
synced t
is_suspect computed 'column n'
is_suspect down 'column v'
still_streaming plain filled
expect 'a row after it' later "$(sql dst 'SELECT v FROM down WHERE id = 30')"

step 'a column with a default that differs from row to row'
sql src "ALTER TABLE filled ADD u uuid DEFAULT gen_random_uuid()"
sql src "INSERT INTO filled (id) VALUES (40)"
wait_state t error 30
sql dst "ALTER TABLE filled ADD u uuid"
run_rc 0 ctl restart t
wait_state t running
synced t
is_suspect filled 'column u .*default'

step 'one with a constant is none, once the target has it'
sql src "ALTER TABLE plain ADD k int DEFAULT 5"
sql src "INSERT INTO plain (id) VALUES (41)"
wait_state t error 30
sql dst "ALTER TABLE plain ADD k int DEFAULT 5"
run_rc 0 ctl restart t
wait_state t running
synced t
compare public.plain
sql src "VACUUM FULL plain"
synced t
still_streaming plain

step 'another type: the target followed'
sql src "ALTER TABLE plain ALTER n TYPE bigint"
sql src "UPDATE plain SET n = 5000000000 WHERE id = 41"
wait_state t error 30
sql dst "ALTER TABLE plain ALTER n TYPE bigint"
run_rc 0 ctl restart t
wait_state t running
synced t
still_streaming plain
compare public.plain
expect_text 'rewritten for column n' "$TMP/repld.log"

step 'loading the tables again ends it, one by one or all'
run_rc 0 ctl resync t public.computed public.owned --yes
synced t
wait_for 20 table_is computed streaming || fail "computed is $(table_get t public.computed state)"
wait_for 20 table_is owned streaming || fail "owned is $(table_get t public.owned state)"
expect 'state of down' suspect "$(table_get t public.down state)"
compare public.computed public.owned
sql src 'ALTER TABLE owned ALTER n TYPE int USING n * 2'
synced t
is_suspect owned 'column n'
run_rc 0 ctl restart t --reload --yes
wait_state t running
loaded t
synced t
still_streaming plain computed filled down owned
compare public.plain public.computed public.filled public.down public.owned
run_rc 0 ctl status
repld_stop
