#!/bin/sh
# The target crashes before the commits of the last moment are in its log on disk: the source has not been told that they are safe, and sends
# them again.
# timeout: 90
TOP=$(cd "$(dirname "$0")/../.." && pwd)
. "$TOP/test/system/lib.sh"
skip_if_no_server

pg_start src
pg_start dst wal_writer_delay=10s
sql src 'CREATE TABLE k (a int, t text); ALTER TABLE k REPLICA IDENTITY FULL'
conf_task t
repld_start
loaded t
there() { [ "$(sql dst 'SELECT count(*) FROM k')" = "$1" ]; }
for n in 1 2 3; do
	step "crash $n"
	sql src "INSERT INTO k VALUES ($n, 'one')"
	wait_for 10 there "$n" || fail 'the row does not come'
	sleep 0.6
	pg_kill dst
	pg_start dst
	say "   rows that the crash has left: $(sql dst 'SELECT count(*) FROM k')"
	synced t 20
	compare public.k
	expect 'the task' running "$(task_get t state)"
done
repld_stop
