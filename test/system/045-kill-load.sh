#!/bin/sh
# kill -9 of worker and daemon during the full load, under writes: the load goes on by itself, no row lost or doubled.
# timeout: 180
TOP=$(cd "$(dirname "$0")/../.." && pwd)
. "$TOP/test/system/lib.sh"
skip_if_no_server

pg_start src
pg_start dst
workload_make 4
sql src "CREATE TABLE done_first (id int PRIMARY KEY); INSERT INTO done_first VALUES (1), (2);
	CREATE TABLE big (id int PRIMARY KEY, v int, t text);
	INSERT INTO big SELECT g, 0, repeat('x', 200) FROM generate_series(1, 100000) g;
	CREATE TABLE big_nokey (a int, t text);
	ALTER TABLE big_nokey REPLICA IDENTITY FULL;
	INSERT INTO big_nokey SELECT g % 1000, repeat('y', 100) FROM generate_series(1, 100000) g"
echo "SELECT churn(:client_id + 1);
\\set id random(1, 100000)
UPDATE big SET v = v + 1 WHERE id = :id;
\\set a random(1, 1000)
DELETE FROM big_nokey WHERE ctid IN (SELECT ctid FROM big_nokey WHERE a = :a LIMIT 1 FOR UPDATE SKIP LOCKED);" >"$TMP/churn.sql"

# slow enough that each life of the worker ends within the load
conf_task t 'full_load: { max_rate = "6MB"; };'
workload_start 40 4 -R 100
repld_start
kills=0 in_load=0
step 'kills during the load'
in_full_load() {
	[ "$(sql dst "SELECT count(*) FROM repld.table_state WHERE state = 'loading'")" -gt 0 ]
}
# every second kill falls into the load for certain, the others anywhere
while [ $kills -lt 6 ]; do
	[ $((kills % 2)) -eq 1 ] || wait_for 30 in_full_load || fail 'the load does not begin again'
	sleep "0.$(random 10)"
	phase=none
	! in_full_load || phase=full_load
	case $kills in
	2 | 4) repld_kill; repld_start ;;
	*) worker=$(worker_pid t) && kill -9 "$worker" || continue ;;
	esac
	kills=$((kills + 1))
	[ "$phase" != full_load ] || in_load=$((in_load + 1))
done
say "   $kills kills, $in_load of them seen in the load"
[ $in_load -ge 3 ] || fail 'too few kills met the load'
sed -i 's/max_rate = "6MB"/max_rate = ""/' "$CONF"
ctl reload >"$TMP/out" || { cat "$TMP/out" >&2; fail 'the reload of max_rate is refused'; }

step 'it ends by itself'
loaded t 90
workload_wait
joined t 90
synced t 60
workload_compare
compare public.done_first public.big public.big_nokey
repld_stop
