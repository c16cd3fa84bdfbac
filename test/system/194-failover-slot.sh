#!/bin/sh
# failover = true, PostgreSQL 17 and later: the slot is kept on the standby; the standby takes the source's place, first as a standby still (waited
# for), then promoted: the task goes on by itself, and nothing is lost. An older slot gets the property with the next start.
# timeout: 150
TOP=$(cd "$(dirname "$0")/../.." && pwd)
. "$TOP/test/system/lib.sh"
skip_if_no_server
[ "$PGVERSION" -ge 17 ] || skip "slots are kept on standbys from version 17 on, this is $PGVERSION"

slot() { sql src "SELECT $1 FROM pg_replication_slots WHERE slot_name = 'repld_t'"; }
ready() { [ "$(sql new "SELECT synced AND NOT temporary FROM pg_replication_slots WHERE slot_name = 'repld_t'")" = t ]; }
nudge_ready() { sql src 'SELECT pg_log_standby_snapshot(); SELECT churn(1)'; ready; }
conf() { conf_task t; sed -i '/src: {/s/role = "source";/role = "source"; failover = true;/' "$CONF"; }
find_text() { "$REPLD" check -c "$CONF" t >"$TMP/out" 2>&1 || :; expect_text "$1" "$TMP/out"; }

pg_start src
pg_start dst
workload_make 4

step 'a slot made without the option gets it with the next start'
conf_task t
repld_start
loaded t
expect 'failover' f "$(slot failover)"
find_text 'info.*not kept on standbys'
repld_stop
conf
find_text 'risk.*synchronized_standby_slots is empty'
repld_start
wait_state t running
kept() { [ "$(slot failover)" = t ]; }
wait_for 10 kept || fail 'the slot does not get it'

step 'one that is made with it has it at once'
ctl restart t --reload --yes >/dev/null
loaded t
expect 'failover' t "$(slot failover)"

step 'the standby gets the slot'
sql src "SELECT pg_create_physical_replication_slot('sb', true)" >/dev/null
mkdir "$TMP/new"
[ -z "$as_postgres" ] || chown postgres "$TMP/new"
(cd "$TMP" && $as_postgres "$PGBIN/pg_basebackup" -d "host=$TMP/src port=$PORT user=postgres dbname=postgres" -D "$TMP/new/data" -R -S sb -c fast \
	-X stream) || fail 'pg_basebackup failed'
cat >>"$TMP/new/data/test.conf" <<CONF
unix_socket_directories = '$TMP/new'
hot_standby_feedback = on
sync_replication_slots = on
CONF
SERVERS="$SERVERS new"
pg_start new
sql src "ALTER SYSTEM SET synchronized_standby_slots = 'sb'"
pg_reload src
wait_for 30 nudge_ready || { tail -5 "$TMP/new/log"; fail 'the slot is not there'; }
conf_errors=$("$REPLD" check -c "$CONF" t 2>&1) || :
printf '%s\n' "$conf_errors" >"$TMP/out"
expect_no_text 'synchronized_standby_slots' "$TMP/out"
expect_text 'info.*slot repld_t is at .*kept on standbys' "$TMP/out"

step 'the source crashes under load'
workload_start 20 4 -R 300
sleep 3
pg_stop src immediate
wait "$BENCH_PID" || :
sleep 1
pg_stop new
mv "$TMP/src/data" "$TMP/src/old"
mv "$TMP/new/data" "$TMP/src/data"
printf "primary_conninfo = ''\nprimary_slot_name = ''\n" >>"$TMP/src/data/postgresql.auto.conf"
printf "%s = '%s'\n" unix_socket_directories "$TMP/src" sync_replication_slots off synchronized_standby_slots '' >>"$TMP/src/data/test.conf"
sed -i '/synchronized_standby_slots/d' "$TMP/src/data/postgresql.auto.conf"
pg_start src

step 'a standby that is not promoted is waited for'
is_told() { case $(task_get t error.message) in *'copy of its primary'*) task_is t retrying ;; *) false ;; esac; }
wait_for 15 is_told || { ctl status t >&2 || :; fail 'it is not said what is waited for'; }

step 'promoted: the task goes on'
(cd "$TMP" && $as_postgres "$PGBIN/pg_ctl" -D "$TMP/src/data" -w promote >/dev/null)
workload_start 2 4 -R 100
workload_wait
synced t
workload_compare
expect 'timeline' 2 "$(sql dst 'SELECT timeline FROM repld.checkpoint')"
repld_stop
