#!/bin/sh
# One owner a task on MySQL and MariaDB: a second daemon waits and names the first, takes over when that one is killed, and when that one hangs; nothing is
# lost or doubled, and the former owner stays out. A load cut short by a kill starts again where local_infile is off.
# timeout: 300
TOP=$(cd "$(dirname "$0")/../.." && pwd)
DST_KIND=mysql
. "$TOP/test/system/lib.sh"
needs postgresql mysql mariadb

db_start src
sql src 'CREATE TABLE a (id int PRIMARY KEY, v text); CREATE TABLE log (n int)'
sql src 'ALTER TABLE log REPLICA IDENTITY FULL'
sql src "INSERT INTO a SELECT g, repeat('v', 100) FROM generate_series(1, 60000) g"
more() { sql src 'INSERT INTO a SELECT max(id) + 1 FROM a; INSERT INTO log SELECT max(id) FROM a; UPDATE log SET n = -n WHERE n % 3 = 0'; }
first_socket=$REPLD_SOCKET first_conf=$CONF

for server in mydst madst; do
	DST=$server
	db_start $server local_infile=0
	REPLD_SOCKET=$first_socket CONF=$first_conf
	sql src 'DELETE FROM a WHERE id > 60000; DELETE FROM log'
	conf_task t

	step "$server: kills in the load"
	for _ in 1 2; do
		repld_start
		sleep 0.7
		repld_kill
	done
	repld_start
	synced t		# phase cdc may come with one table alone
	compare public.a public.log
	more
	synced t

	step "$server: a second daemon waits and names the owner"
	first_pid=$REPLD_PID first_worker=$(worker_pid t)
	REPLD_SOCKET=$TMP/second.sock
	CONF=$TMP/second.conf
	conf_task t
	repld_start
	second_pid=$REPLD_PID
	JOBS_PIDS="$JOBS_PIDS $first_pid $second_pid"
	named() { ctl status t 2>/dev/null | grep -q "owned by another daemon: $(hostname), pid $first_worker, since 20"; }
	wait_for 10 named || { ctl status t >&2 || :; fail 'the owner is not named'; }

	step "$server: the first is killed under load; the second goes on from its checkpoint"
	(for _ in 1 2 3 4 5 6 7 8 9 10; do more; done) &
	writer=$!
	sleep 0.2
	kill_tree $first_pid
	wait_for 20 task_is t running || { ctl status t >&2 || :; fail 'the second daemon does not take over'; }
	wait $writer
	more
	synced t
	compare public.a public.log

	step "$server: an owner that hangs loses the task, and stays out when it wakes"
	second_worker=$(worker_pid t) second_socket=$REPLD_SOCKET
	REPLD_SOCKET=$first_socket CONF=$first_conf
	conf_task t
	repld_start
	kill -STOP $second_pid $second_worker
	more
	wait_for 60 task_is t running || { ctl status t >&2 || :; fail 'nobody takes over from a daemon that hangs'; }
	synced t
	more
	kill -CONT $second_worker $second_pid
	sleep 2
	more
	synced t
	compare public.a public.log
	REPLD_SOCKET=$second_socket
	! task_is t running || fail 'the former owner runs again'
	REPLD_SOCKET=$first_socket
	kill_tree $second_pid
	repld_stop
	"$REPLD" cleanup -c "$CONF" t --yes >"$TMP/out" 2>&1 || { cat "$TMP/out"; fail cleanup; }
	expect 'what cleanup left' 0 "$(sql $server "SELECT count(*) FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = 'repld'")"
done
