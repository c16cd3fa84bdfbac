#!/bin/sh
# repld ctl: each command does what it says and exits as it should; the status has every key; garbage, half lines, 10 MB lines and
# 1,000 connections move no task.
# timeout: 120
TOP=$(cd "$(dirname "$0")/../.." && pwd)
. "$TOP/test/system/lib.sh"
skip_if_no_server
helper socket_client

pg_start src
pg_start dst
sql src 'CREATE TABLE a (id int PRIMARY KEY, t text); INSERT INTO a VALUES (1); CREATE TABLE b (id int PRIMARY KEY); INSERT INTO b VALUES (1)'
conf_write <<'CONF'
	t: { source = "src"; target = "dst"; tables = ( { include = "public.a"; } ); };
	once: { source = "src"; target = "dst"; mode = "full_load"; tables = ( { include = "public.b"; } ); };
	off: { source = "src"; target = "dst"; enabled = false; tables = ( { include = "public.c"; } ); };
CONF
repld_start
loaded t
wait_state once stopped

step 'the status: every key is there, what is unknown is null'
ctl status --json --tables >"$TMP/json"
json_flat <"$TMP/json" >"$TMP/flat" || fail 'the status is no JSON'
tasks_prefix=$(awk -F '\t' '$2 == "t" && $1 ~ /^tasks\.[0-9]+\.name$/ { sub(/\.name$/, "", $1); print $1 }' "$TMP/flat")
for key in version started; do
	grep -q "^$key	" "$TMP/flat" || fail "no key $key"
done
for key in name source target mode state phase reason since error retry position.read position.applied position.confirmed \
	position.source_end lag.bytes lag.seconds source_log.retained_bytes source_log.limit_bytes source_log.state \
	rates.transactions_per_second rates.rows_per_second rates.bytes_per_second ring.size_bytes ring.used_bytes ring.waiting \
	memory.rss_bytes totals.transactions totals.inserts totals.updates totals.deletes totals.truncates totals.ddl totals.filtered \
	totals.excepted apply.mode apply.batches apply.fallbacks full_load.tables_total full_load.tables_loaded full_load.rows \
	full_load.rows_estimated full_load.bytes full_load.rows_per_second full_load.eta_seconds tables.0.source tables.0.target \
	tables.0.state tables.0.rows_loaded tables.0.rows_estimated tables.0.inserts tables.0.updates tables.0.deletes tables.0.excepted \
	tables.0.error; do
	grep -q "^$tasks_prefix\.$key	" "$TMP/flat" || fail "no key $key in the status"
done
expect 'error of a healthy task' null "$(task_get t error)"
expect 'limit of the log' null "$(task_get t source_log.limit_bytes)"
expect 'phase' cdc "$(task_get t phase)"
expect 'the table on the target' public.a "$(table_get t public.a target)"
case $(task_get t since) in 20[0-9][0-9]-[0-9][0-9]-[0-9][0-9]T*Z) ;; *) fail "since: $(task_get t since)" ;; esac

step 'the text form: worst first, one screen'
ctl status >"$TMP/out"
expect_text '^repld [0-9].*3 tasks' "$TMP/out"
expect_text '^TASK.*SOURCE.*TARGET.*STATE.*PHASE.*LAG' "$TMP/out"
expect_text '^t .*src > dst.*running' "$TMP/out"
expect_text '^off .*stopped' "$TMP/out"
ctl status t --tables >"$TMP/out"
expect_text 'public\.a' "$TMP/out"
[ -n "$(task_get off reason)" ] || fail 'a disabled task is stopped without a reason'
[ -n "$(task_get once reason)" ] || fail 'a finished task is stopped without a reason'

step 'exit codes'
run_rc 0 ctl status
run_rc 2 ctl status --no-such
run_rc 2 ctl no_such_command
[ "$(ctl status nosuch >/dev/null 2>&1; echo $?)" != 0 ] || fail 'the status of an unknown task is fine'
[ "$(ctl pause nosuch >/dev/null 2>&1; echo $?)" != 0 ] || fail 'an unknown task can be paused'
run_rc 3 "$REPLD" ctl -s "$TMP/nobody.sock" status
run_rc 3 env REPLD_SOCKET="$TMP/nobody.sock" "$REPLD" ctl status
run_rc 2 ctl restart t --from now		# asks, and there is no terminal
expect_text 'yes' "$TMP/out"

step 'sync: waits for what was committed; at once where it can not come'
sql src 'INSERT INTO a VALUES (2)'
run_rc 0 ctl sync t --timeout 20
expect 'rows after sync' 2 "$(sql dst 'SELECT count(*) FROM a')"
run_rc 1 ctl sync off --timeout 20
begin=$(now_ms)
background psql_of dst -o /dev/null -c 'BEGIN; LOCK TABLE a; SELECT pg_sleep(4); COMMIT'
sleep 0.5
sql src 'INSERT INTO a VALUES (3)'
run_rc 1 ctl sync t --timeout 1
[ $(($(now_ms) - begin)) -lt 3500 ] || fail 'sync took longer than its timeout'
run_rc 0 ctl sync t --timeout 20
expect 'rows after sync' 3 "$(sql dst 'SELECT count(*) FROM a')"

step 'pause closes the connections, says what the source keeps, outlives a restart and a kill; resume goes on'
run_rc 0 ctl pause t
say "   $(head -n 1 "$TMP/out")"
wait_state t paused
expect 'state' paused "$(task_get t state)"
connections() { sql "$1" "SELECT count(*) FROM pg_stat_activity WHERE backend_type IN ('client backend', 'walsender') AND pid <> pg_backend_pid()"; }
expect 'connections to the source' 0 "$(connections src)"
expect 'connections to the target' 0 "$(connections dst)"
sql src 'INSERT INTO a VALUES (4)'
run_rc 1 ctl sync t --timeout 20
expect_text 'paused' "$TMP/out"
repld_stop
repld_start
sleep 1
wait_state t paused
repld_kill
repld_start
sleep 1
wait_state t paused
expect 'rows while paused' 3 "$(sql dst 'SELECT count(*) FROM a')"
run_rc 0 ctl resume t
synced t
expect 'rows after resume' 4 "$(sql dst 'SELECT count(*) FROM a')"

step 'restart goes on from the checkpoint over new connections; --reload loads again'
sessions() { sql src 'SELECT string_agg(pid::text, chr(32) ORDER BY pid) FROM pg_stat_replication'; }
before=$(sessions)
run_rc 0 ctl restart t
restarted() { now=$(sessions) && [ -n "$now" ] && [ "$now" != "$before" ]; }
wait_for 20 restarted || fail 'restart kept the connection'
synced t
expect 'rows after restart' 4 "$(sql dst 'SELECT count(*) FROM a')"
sql dst "INSERT INTO a VALUES (99, 'not on the source')"
run_rc 0 ctl restart t --reload --yes
loaded_again() { phase_is t cdc && [ "$(sql dst 'SELECT count(*) FROM a WHERE id = 99')" = 0 ]; }
wait_for 30 loaded_again || fail 'restart --reload did not load again'
synced t
compare public.a

step 'restart --from now skips what was committed meanwhile'
run_rc 0 ctl pause t
sql src "INSERT INTO a VALUES (100, 'skipped')"
run_rc 0 ctl restart t --from now --yes
ctl resume t >/dev/null 2>&1 || :
loaded t
synced t
sql src "INSERT INTO a VALUES (101, 'after')"
synced t
expect 'rows 100 and 101' 101 "$(sql dst 'SELECT id FROM a WHERE id >= 100')"

step 'log-level'
run_rc 0 ctl log-level debug
run_rc 0 ctl log-level info
run_rc 2 ctl log-level loud

step 'bad clients'
worker=$(worker_pid t)
# what they see does not matter, that the tasks go on does
printf 'status\0\377\376garbage\n\n\n   \nstatus' | "$HELPER" "$REPLD_SOCKET" send 1 >"$TMP/out"
printf 'pau' | "$HELPER" "$REPLD_SOCKET" send 1 >"$TMP/out"
head -c 300000 /dev/urandom | "$HELPER" "$REPLD_SOCKET" send 1 >"$TMP/out"
head -c 10485760 /dev/zero | tr '\0' 'x' | "$HELPER" "$REPLD_SOCKET" send 1 >"$TMP/out"
repld_answers || fail 'no answer after a line of 10 MB'
peak=$(awk '/^VmRSS:/ { print $2 }' "/proc/$REPLD_PID/status")
[ $SLOW != 1 ] || [ "$peak" -lt 65536 ] || fail "the supervisor uses $peak kB after a line of 10 MB"
background "$HELPER" "$REPLD_SOCKET" deaf 'status --tables --json' 5
background "$HELPER" "$REPLD_SOCKET" many 1000 4
sleep 1
sql src "INSERT INTO a VALUES (200, 'under attack')"
arrived() { [ "$(sql dst 'SELECT count(*) FROM a WHERE id = 200')" = 1 ]; }
wait_for 5 arrived || fail 'the task stands still while 1,000 clients hang on the socket'
wait_for 20 repld_answers || fail 'no answer after 1,000 connections'
wait_for 10 gone "$BG"
run_rc 0 ctl status
expect 'the worker' "$worker" "$(worker_pid t)"
synced t

step 'the socket: mode 0660, gone at the end; a stale one is taken over, a file that is no socket is not'
expect 'mode of the socket' 660 "$(stat -c %a "$REPLD_SOCKET")"
repld_kill
[ -S "$REPLD_SOCKET" ] || fail 'kill -9 left no stale socket to test with'
repld_start
repld_stop
[ ! -e "$REPLD_SOCKET" ] || fail 'the socket stays after the end'
echo precious >"$REPLD_SOCKET"
rc=0
timeout 10 "$REPLD" -c "$CONF" >"$TMP/out" 2>&1 || rc=$?
[ $rc -ne 0 ] && [ $rc -ne 124 ] || fail 'it starts over a file that is no socket'
expect 'the file' precious "$(cat "$REPLD_SOCKET")"
