#!/bin/sh
# A table that is rewritten while its load waits shows no rows to the snapshot, and the log says nothing of it: it is seen by its file, which
# is compared under a lock that holds until the rows are read.
# timeout: 150
# faults: yes
TOP=$(cd "$(dirname "$0")/../.." && pwd)
. "$TOP/test/system/lib.sh"
skip_if_no_server

pg_start src
pg_start dst
sql src "CREATE TABLE big (id int PRIMARY KEY, t text); INSERT INTO big SELECT g, repeat('x', 1000) FROM generate_series(1, 3000) g;
	CREATE TABLE small (id int PRIMARY KEY, v int); INSERT INTO small SELECT g, g FROM generate_series(1, 1000) g"
conf_task t 'full_load: { parallel_tables = 1; parallel_chunks = 1; max_rate = "1MB"; };'

step 'rewritten between the snapshot and its turn'
repld_start
big_loads() { [ "$(table_get t public.big state)" = loading ] && [ "$(table_get t public.big rows_loaded)" -gt 0 ]; }
wait_for 10 big_loads || fail 'the load does not begin'
sql src "ALTER TABLE small ALTER v TYPE int USING v * 1"
loaded t
synced t
compare public.small public.big
expect_text 'public.small: was rewritten' "$TMP/repld.log"
repld_stop
run_rc 0 "$REPLD" cleanup -c "$CONF" t --yes
sql dst 'DROP TABLE small, big'
sql src 'DROP TABLE big'

step 'it can not be rewritten between the look at its file and its reading'
[ -x "${REPLD_FAULTY:-}" ] || skip 'no binary built with FAULTS=1'
plain=$REPLD REPLD=$REPLD_FAULTY
export REPLD_FAULT='scan.compared=delay:4000'
repld_start
small_is_locked() { [ "$(sql src "SELECT count(*) FROM pg_locks WHERE relation = 'small'::regclass AND mode = 'AccessShareLock'
	AND pid <> pg_backend_pid()")" != 0 ]; }
wait_for 10 small_is_locked || fail 'the table is not locked while its load is on its way'
! sql src "SET lock_timeout = '1s'; ALTER TABLE small ALTER v TYPE int USING v * 1" 2>/dev/null || fail 'the table could be rewritten'
unset REPLD_FAULT
loaded t
synced t
compare public.small
repld_stop
REPLD=$plain
