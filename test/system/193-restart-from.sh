#!/bin/sh
# restart --from: whether the source can go on from there is found out before the checkpoint is given up.
# timeout: 150
TOP=$(cd "$(dirname "$0")/../.." && pwd)
. "$TOP/test/system/lib.sh"
skip_if_no_server

n=0
write_row() { n=$((n + 1)); sql src "INSERT INTO a VALUES ($n)"; }
position() { sql dst 'SELECT position FROM repld.checkpoint'; }
refused() {			# WHAT-THE-MESSAGE-NAMES
	wait_state t error 10
	ctl status t >"$TMP/out" || :
	expect_text "$1" "$TMP/out"
	expect 'kind' config "$(task_get t error.kind)"
	case $(task_get t error.remedy) in *'--from now'*) ;; *) fail 'no remedy is named' ;; esac
	expect 'the checkpoint' "$at" "$(position)"
	say "   $(task_get t error.message)"
}

pg_start src
pg_start dst
sql src 'CREATE TABLE a (id int PRIMARY KEY)'
conf_task t
repld_start
loaded t
write_row
synced t

step 'restart --from a place that is not in the log yet'
at=$(position)
run_rc 1 ctl restart t --from FFFF/0 --yes
expect_text "not done: can.t go on from FFFF/0" "$TMP/out"
refused "can.t go on from FFFF/0: the source.s log ends before it"

step 'restart --from a place that the source has forgotten'
run_rc 1 ctl restart t --from 0/1 --yes
refused "can.t go on from 0/1: the source no longer keeps the log from there"

step 'a plain restart goes on where it was'
ctl restart t >/dev/null
write_row
synced t
compare public.a

step 'restart --from inside a commit record: what begins at or after it is applied, that commit is not'
ctl pause t >/dev/null
write_row
start=$(sql src 'SELECT pg_current_wal_insert_lsn()')
sql src 'INSERT INTO a VALUES (500)'
end=$(sql src 'SELECT pg_current_wal_flush_lsn()')
inside=$(sql src "SELECT '$end'::pg_lsn - 1")
write_row
say "   $start .. $end: from $inside"
ctl restart t --from "$inside" --yes >/dev/null
wait_state t running 10
synced t
expect 'the rows between' "$((n - 2)),$n" "$(sql dst "SELECT string_agg(id::text, ',' ORDER BY id) FROM a WHERE id >= $((n - 2))")"

step 'restart --from now where the slot is gone: a new one, from there'
repld_stop
sql src "SELECT pg_drop_replication_slot('repld_t')" >/dev/null
write_row
repld_start
wait_state t error 10
at=$(position)
run_rc 1 ctl restart t --from "$at" --yes
refused 'no slot has kept the log from there'
ctl restart t --from now --yes >/dev/null
loaded t
write_row
synced t
expect 'the rows since' "$n" "$(sql dst "SELECT id FROM a WHERE id >= $((n - 1)) AND id < 500")"
repld_stop
