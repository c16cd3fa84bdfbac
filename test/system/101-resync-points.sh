#!/bin/sh
# kill -9 at each place on a load group's way: the next run goes on from what the target's rows say, no row lost or doubled, nothing left behind.
# timeout: 300
# faults: yes
TOP=$(cd "$(dirname "$0")/../.." && pwd)
. "$TOP/test/system/lib.sh"
skip_if_no_server

POINTS='run.grouped group.learnt run.before_slot run.slot_made run.slot_saved load.prepared load.chunk load.before_commit load.committed
	load.finish handover.begin target_before_commit target_commit_sent handover.committed group.joined group.slot_dropped'
normal=$REPLD

pg_start src
pg_start dst
workload_make 2
sql src "CREATE TABLE k (id int PRIMARY KEY, v int);
	INSERT INTO k SELECT g, 0 FROM generate_series(1, 500) g;
	CREATE TABLE n (a int, t text);
	ALTER TABLE n REPLICA IDENTITY FULL;
	INSERT INTO n SELECT g % 10, 'x' FROM generate_series(1, 200) g"
echo "SELECT churn(:client_id + 1);
\\set id random(1, 500)
UPDATE k SET v = v + 1 WHERE id = :id;
INSERT INTO n VALUES (:id, 'new');
DELETE FROM n WHERE ctid IN (SELECT ctid FROM n WHERE a < 5 LIMIT 1 FOR UPDATE SKIP LOCKED);" >"$TMP/churn.sql"
conf_task t
repld_start
loaded t
repld_stop
resynced_or_died() { ctl resync t public.k public.n --yes >"$TMP/out" 2>&1 || has_died; }
has_died() { grep -q 'task=t .*signal 9' "$TMP/repld.log"; }

workload_start 600 2 -R 100
for point in $POINTS; do
	step "killed at $point"
	: >"$TMP/repld.log"
	REPLD=$REPLD_FAULTY
	REPLD_FAULT=$point=kill
	export REPLD_FAULT
	repld_start
	# a place that the task's own stream passes as well may be met at once
	wait_for 30 resynced_or_died || fail 'the task does not take the resync'
	wait_for 30 has_died || { cat "$TMP/repld.log" >&2; fail "the worker does not come by $point"; }
	repld_kill
	unset REPLD_FAULT
	REPLD=$normal
	repld_start
	joined t 60
	repld_stop
done
kill "$BENCH_PID"
wait "$BENCH_PID" || :
repld_start
synced t 60
workload_compare
compare public.k public.n
repld_stop
