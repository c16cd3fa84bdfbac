#!/bin/sh
# The target loses its last commits in a crash (they are asynchronous, and its log is written out late): only what is on its disk was confirmed
# to the source, so nothing is lost. Where it goes back further, to a state before what was confirmed, that is a hole with a remedy.
# timeout: 150
TOP=$(cd "$(dirname "$0")/../.." && pwd)
. "$TOP/test/system/lib.sh"
skip_if_no_server

pg_start src
pg_start dst wal_writer_delay=10s
sql dst 'ALTER ROLE postgres SET synchronous_commit = off'
workload_make 4
conf_task t
repld_start
loaded t

position() { sql dst 'SELECT position FROM repld.checkpoint'; }
confirmed() { sql src 'SELECT confirmed_flush_lsn FROM pg_replication_slots'; }

told_at_most() {		# POSITION: of what the target has
	[ "$(sql src "SELECT '$1'::pg_lsn >= confirmed_flush_lsn FROM pg_replication_slots")" = t ] ||
		fail "the target is at $1, the source was told $(confirmed)"
}
crash() {			# and what it has afterwards
	pg_kill dst
	pg_start dst
	after=$(position)
	told_at_most "$after"
	ctl restart t >/dev/null || :		# not to wait for the next attempt
}

step 'a commit that was there and is gone after a crash'
moved() { [ "$(position)" != "$was" ]; }
lost=0
for i in 1 2 3; do
	synced t
	was=$(position)
	sql src 'SELECT churn(1)' >/dev/null
	wait_for 10 moved
	before=$(position)
	crash
	[ "$(sql src "SELECT '$after'::pg_lsn < '$before'")" = f ] || lost=$((lost + 1))
done
say "   $lost of $i crashes took it away"
[ $lost -gt 0 ] || fail 'no crash took anything away: this proves nothing'

step 'the target crashes under load'
workload_start 6 4 -R 300
for i in 1 2; do
	sleep "1.$(random 10)"
	crash
done
workload_wait
synced t 60
workload_compare
expect 'task' running "$(task_get t state)"

step 'the target is put back to a former state'
repld_stop
pg_stop dst
cp -a "$TMP/dst/data" "$TMP/dst/backup"
pg_start dst
repld_start
sql src 'SELECT churn(1)' >/dev/null
synced t
confirmed_moves() { [ "$(confirmed)" = "$(position)" ]; }
wait_for 10 confirmed_moves || fail 'it is not confirmed'
pg_stop dst
rm -rf "$TMP/dst/data"
mv "$TMP/dst/backup" "$TMP/dst/data"
pg_start dst
wait_state t error 15
expect 'kind' hole "$(task_get t error.kind)"
case $(task_get t error.message) in *'the target is from an older backup'*) ;; *) fail "$(task_get t error.message)" ;; esac
case $(task_get t error.remedy) in *'--reload'*) ;; *) fail 'no remedy is named' ;; esac
say "   $(task_get t error.message)"
repld_stop
