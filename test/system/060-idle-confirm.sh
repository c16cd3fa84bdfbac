#!/bin/sh
# Captured tables are idle while others write: the confirmed position follows within 10 s, so that the source can drop its log.
# timeout: 120
TOP=$(cd "$(dirname "$0")/../.." && pwd)
. "$TOP/test/system/lib.sh"
skip_if_no_server

pg_start src
pg_start dst
sql src 'CREATE TABLE captured (id int PRIMARY KEY); CREATE TABLE other (id int, t text)'
conf_write <<'CONF'
	t: { source = "src"; target = "dst"; tables = ( { include = "public.captured"; } ); };
CONF
repld_start
loaded t
sql src 'INSERT INTO captured VALUES (1)'
synced t

step '100 MB are written to another table'
sql src "INSERT INTO other SELECT g, repeat('x', 1000) FROM generate_series(1, 90000) g"
end=$(sql src 'SELECT pg_current_wal_lsn()')
follows() { [ "$(sql src "SELECT confirmed_flush_lsn >= '$end' FROM pg_replication_slots WHERE slot_name = 'repld_t'")" = t ]; }
wait_for 14 follows || fail "confirmed_flush_lsn is $(sql src 'SELECT confirmed_flush_lsn FROM pg_replication_slots'), not $end, after 14 s"

step 'confirmed is no further than the checkpoint row'
position=$(sql dst "SELECT position FROM repld.checkpoint WHERE task = 't'")
confirmed=$(sql src "SELECT confirmed_flush_lsn FROM pg_replication_slots WHERE slot_name = 'repld_t'")
say "   confirmed $confirmed, checkpoint $position"
case $position in
*/*) lsn=$(printf '%s' "$position" | grep -o '[0-9A-F]*/[0-9A-F]*' | head -n 1) ;;
*) fail "no LSN in the checkpoint row: $position" ;;
esac
expect 'confirmed <= checkpoint' t "$(sql dst "SELECT '$confirmed'::pg_lsn <= '$lsn'::pg_lsn")"

step 'lag is 0, the retained log is what the source says, and a restart finds no hole'
# the source is asked once a second: the status may be that old
status_agrees() {
	retained=$(sql src "SELECT pg_current_wal_lsn() - restart_lsn FROM pg_replication_slots WHERE slot_name = 'repld_t'")
	said=$(task_get t source_log.retained_bytes)
	[ "$(task_get t lag.seconds | sed 's/\.0*$//')" = 0 ] && [ "$((said - retained))" -lt 20000000 ] && [ "$((retained - said))" -lt 20000000 ]
}
wait_for 5 status_agrees || fail "lag: $(task_get t lag.seconds); retained: $said said, $retained is"
repld_stop
pg_stop src
pg_start src
sql src 'INSERT INTO captured VALUES (2)'
repld_start
synced t
compare public.captured
repld_stop
