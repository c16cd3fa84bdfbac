#!/bin/sh
# kill -9 of the worker at 30, 50 and 90 % of the load of a table of 5 million rows, while updates move rows to other pages, delete, insert and
# change keys: equal by content at the end. States how many rows were read twice.
# usage: test/long/killload.sh     (KEY=int, text or none; ROWS=5000000; RATE=300 changes a second, 4 without a key; OPTIONS='...' of
# full_load; some 10 minutes and 6 GB in TMPDIR)
# timeout: 7200
TOP=$(cd "$(dirname "$0")/../.." && pwd)
. "$TOP/test/long/lib.sh"
skip_if_no_server
key=${KEY:-int} rows=${ROWS:-5000000}
clients=8

pg_start src shared_buffers=256MB max_wal_size=4GB
pg_start dst shared_buffers=256MB max_wal_size=4GB
workload_make $clients
step "a table of $rows rows, key: $key"
# Every sixteenth number is a row at first; text keys do not sort as the rows lie, and their collation lets them be read by ranges.
case $key in
int)
	rate=${RATE:-300} type='bigint PRIMARY KEY'
	sql src 'CREATE FUNCTION key_of(n bigint) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$ SELECT n $$'
	;;
text)
	rate=${RATE:-300} type='text COLLATE "C" PRIMARY KEY'
	sql src "CREATE FUNCTION key_of(n bigint) RETURNS text LANGUAGE sql IMMUTABLE AS \$\$ SELECT substr(md5(n::text), 1, 8) || '-' || n \$\$"
	;;
none)
	rate=${RATE:-4} type='bigint'
	sql src 'CREATE FUNCTION key_of(n bigint) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$ SELECT n / 32 $$'	# each row twice
	;;
*) fail "KEY is int, text or none, not $key" ;;
esac
sql src "CREATE TABLE big (id $type, v int NOT NULL, pad text) WITH (fillfactor = 90);
	INSERT INTO big SELECT key_of(g * 16), 0, repeat('p', 100) FROM generate_series(1, $rows) g"
[ $key != none ] || sql src 'ALTER TABLE big REPLICA IDENTITY FULL'
sql src 'VACUUM ANALYZE big'
sqlf src "$TOP/test/long/killload.sql" >/dev/null
kind=keyed amount=$rows
if [ $key = none ]; then
	kind=keyless amount=$(sql src "SELECT pg_relation_size('big') / 8192")
fi
echo "SELECT churn(:client_id + 1);
SELECT change_$kind(:client_id, $clients, $amount);" >"$TMP/churn.sql"

conf_task t "full_load: { parallel_chunks = 4; ${OPTIONS:-} };"
workload_start 7200 $clients -R "$rate"
sleep 1
repld_start

read_so_far() { table_get t public.big rows_loaded; }
on_target() { sql dst "SELECT CASE WHEN to_regclass('public.big') IS NULL THEN 0 ELSE (SELECT count(*) FROM big) END" 2>/dev/null || echo 0; }
in_load() { [ "$(table_get t public.big state)" = loading ]; }
reached() {			# PERCENT
	in_load && seen=$(read_so_far) && [ "$seen" -ge $((rows * $1 / 100)) ]
}
reach() {			# PERCENT: wait_for would look too seldom
	re_end=$(($(date +%s) + 1200))
	until reached "$1" 2>/dev/null; do
		[ "$(date +%s)" -lt $re_end ] || fail "the load does not come to $1 %"
		[ "$(table_get t public.big state)" != streaming ] || fail "the load was over before it was seen at $1 %"
	done
}
loads_begun() { grep -c 'full load of' "$TMP/repld.log"; }
# ... or it had ended before the worker did
on_again() { (begun_again && in_load) || { case $(table_get t public.big state) in loaded | catch_up | streaming) true ;; *) false ;; esac; }; }
begun_again() { [ "$(loads_begun)" -gt "$loads" ]; }
twice=0
for percent in 30 50 90; do
	step "kill -9 at $percent %"
	reach $percent
	worker=$(worker_pid t) loads=$(loads_begun)
	kill -9 "$worker"
	wait_for 10 gone "$worker"
	idle() { [ "$(sql dst "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'repld%'")" = 0 ]; }
	wait_for 20 idle || :	# what is committed is committed
	there=$(on_target)
	wait_for 120 on_again || fail 'the load does not go on by itself'
	sleep 1
	kept=$there
	[ "$(on_target)" -ge "$there" ] || kept=0
	twice=$((twice + seen - kept))
	say "   at $((seen * 100 / rows)) %: $seen rows read, $there of them committed, $kept kept"
done
step 'it ends by itself'
joined t 3000
total=$(read_so_far)
writers_stop "$BENCH_PID"
synced t 3600
step 'equal by content'
workload_compare
compare_hash public.big
changes=$(sql src "SELECT n_tup_ins - $rows || ' inserts, ' || n_tup_upd || ' updates (' || n_tup_upd - n_tup_hot_upd ||
	' not in place), ' || n_tup_del || ' deletes' FROM pg_stat_user_tables WHERE relname = 'big'")
expect_no_text '(^| )error task=' "$TMP/repld.log"
repld_stop
say "key $key: $total rows loaded, about $twice of them ($((twice * 100 / total)) %) read twice over three kills; meanwhile $changes"
