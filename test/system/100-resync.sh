#!/bin/sh
# Tables are loaded again, and added, beside the running stream: they join it exactly, whatever is killed meanwhile; nothing stays behind.
# timeout: 180
TOP=$(cd "$(dirname "$0")/../.." && pwd)
. "$TOP/test/system/lib.sh"
skip_if_no_server

pg_start src
pg_start dst
workload_make 4
sql src "CREATE TABLE big (id int PRIMARY KEY, v int, u int UNIQUE, t text);
	INSERT INTO big SELECT g, 0, g, repeat('x', 200) FROM generate_series(1, 60000) g;
	CREATE TABLE big_nokey (a int, t text);
	ALTER TABLE big_nokey REPLICA IDENTITY FULL;
	INSERT INTO big_nokey SELECT g % 1000, repeat('y', 100) FROM generate_series(1, 20000) g;
	CREATE TABLE later (id int PRIMARY KEY, v int);
	INSERT INTO later SELECT g, 0 FROM generate_series(1, 20000) g"
echo "SELECT churn(:client_id + 1);
\\set id random(1, 60000)
\\set low random(1, 20000)
UPDATE big SET v = v + 1, t = t || 'z' WHERE id = :id;
UPDATE later SET v = v + 1 WHERE id = :low;
DELETE FROM big WHERE id = :low;
INSERT INTO big VALUES (:low, 1, :low, 'again') ON CONFLICT DO NOTHING;
INSERT INTO big_nokey VALUES (:low, 'new');" >"$TMP/churn.sql"

# slow enough that what is killed dies within the load
conf_task t 'full_load: { max_rate = "6MB"; };'
sed -i 's/{ include = "public.\*"; }/&, { exclude = "public.later"; }/' "$CONF"
repld_start
loaded t 90

is_loading() { [ "$(table_get t "$1" state)" = loading ]; }

step 'a table is loaded again, the others go on'
workload_start 20 4 -R 150
wait_for 10 phase_is t cdc
ctl resync t public.big public.big_nokey --yes
wait_for 20 is_loading public.big || fail 'the table is not loaded again'
expect 'state of the task' running "$(task_get t state)"
before=$(sql dst 'SELECT count(*) FROM ledger')
sleep 1
is_loading public.big || fail 'the load is over too soon to prove anything'
[ "$(sql dst 'SELECT count(*) FROM ledger')" -gt "$before" ] || fail 'the other tables stand still meanwhile'
step 'the daemon dies in the middle'
repld_kill
repld_start
wait_for 20 is_loading public.big || fail 'the load does not begin again'
step 'the worker dies in the middle'
sleep 0.5
kill -9 "$(worker_pid t)"
workload_wait
joined t 90
synced t 60
workload_compare
compare public.big public.big_nokey

step 'a table added by reload is loaded beside the stream'
workload_start 6 4 -R 150
sed -i 's/, { exclude = "public.later"; }//' "$CONF"
ctl reload >"$TMP/out" || { cat "$TMP/out" >&2; fail 'the reload is refused'; }
wait_for 20 is_loading public.later || wait_for 20 all_stream t || fail 'the table is not loaded'
workload_wait
joined t 90
synced t 60
workload_compare
compare public.big public.big_nokey public.later

step 'sync waits for a load under way'
sql src "INSERT INTO later SELECT g, 0 FROM generate_series(20001, 80000) g"
synced t 30
ctl resync t public.later --yes
run_rc 0 ctl sync t --timeout 60
compare public.later
joined t 90
repld_stop
