#!/bin/sh
# As a service: sd_notify's messages at start, reload, while it lives and at its end; what is written to the log; SIGTERM while the target
# hangs; a worker that hangs is replaced.
# timeout: 150
TOP=$(cd "$(dirname "$0")/../.." && pwd)
. "$TOP/test/system/lib.sh"
skip_if_no_server
helper notify_listener

pg_start src
pg_start dst
sql src 'CREATE TABLE a (id int PRIMARY KEY, v int); INSERT INTO a VALUES (1, 0)'
conf_task t
"$HELPER" "$TMP/notify.sock" >"$TMP/notify" &
JOBS_PIDS="$JOBS_PIDS $!"
wait_for 5 test -S "$TMP/notify.sock"

step 'READY, then WATCHDOG at half of its time'
NOTIFY_SOCKET=$TMP/notify.sock
WATCHDOG_USEC=4000000
export NOTIFY_SOCKET WATCHDOG_USEC
repld_start
unset NOTIFY_SOCKET WATCHDOG_USEC
wait_for 10 grep -q 'READY=1' "$TMP/notify" || fail 'no READY=1'
loaded t
sleep 5
[ "$(grep -c 'WATCHDOG=1' "$TMP/notify")" -ge 2 ] || fail "WATCHDOG=1 came $(grep -c 'WATCHDOG=1' "$TMP/notify") times in more than 5 s"
expect_text 'STATUS=' "$TMP/notify"

step 'RELOADING with its time, then READY, for a good and for a bad file'
ready=$(grep -c 'READY=1' "$TMP/notify")
kill -HUP "$REPLD_PID"
more_ready() { [ "$(grep -c 'READY=1' "$TMP/notify")" -gt "$ready" ]; }
wait_for 10 more_ready || fail 'no READY=1 after SIGHUP'
grep -q 'RELOADING=1.*MONOTONIC_USEC=[0-9]' "$TMP/notify" || fail 'no RELOADING=1 with MONOTONIC_USEC'
ready=$(grep -c 'READY=1' "$TMP/notify")
cp "$CONF" "$TMP/good"
echo 'nonsense' >"$CONF"
kill -HUP "$REPLD_PID"
wait_for 10 more_ready || fail 'no READY=1 after SIGHUP with a bad file'
cp "$TMP/good" "$CONF"

step 'a supervisor that hangs sends no WATCHDOG'
kill -STOP "$REPLD_PID"
sleep 0.5
before=$(grep -c 'WATCHDOG=1' "$TMP/notify")
sleep 4
expect 'WATCHDOG=1 meanwhile' "$before" "$(grep -c 'WATCHDOG=1' "$TMP/notify")"
kill -CONT "$REPLD_PID"
sql src 'UPDATE a SET v = 1'
synced t

step 'a worker that hangs is replaced, the task goes on'
worker=$(worker_pid t)
kill -STOP "$worker"
another() { new=$(worker_pid t) && [ "$new" != "$worker" ]; }
wait_for 75 another || fail 'a stopped worker is not replaced in 75 s'
sql src 'UPDATE a SET v = 2'
synced t
compare public.a

step 'SIGTERM while the target hangs in a statement: STOPPING, over within 5 s'
background psql_of dst -o /dev/null -c 'BEGIN; LOCK TABLE a; SELECT pg_sleep(60); COMMIT'
sleep 0.5
sql src 'UPDATE a SET v = 3'
sleep 1
workers=$(children_of "$REPLD_PID")
repld_stop
grep -q 'STOPPING=1' "$TMP/notify" || fail 'no STOPPING=1'
gone $workers || fail 'a worker outlives the daemon'
kill_tree "$BG"
sql dst "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_sleep%' AND pid <> pg_backend_pid()" >/dev/null

step 'the log: one line an event, with time and level, or with a priority where it goes to the journal'
if grep -Evq '^20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z (error|warning|info|debug) ' "$TMP/repld.log"; then
	grep -Ev '^20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z (error|warning|info|debug) ' "$TMP/repld.log" | head -n 5 >&2
	fail 'lines of the log in another form'
fi
repld_start
synced t
compare public.a
repld_stop
expect 'exit for a bad configuration' 2 "$(echo rubbish >"$CONF"; "$REPLD" -c "$CONF" >/dev/null 2>&1 && echo 0 || echo $?)"
