#!/bin/sh
# A reload of a task that does not run: paused, retrying as a server is down, in error, loaded and stopped; two reloads at once.
# timeout: 180
TOP=$(cd "$(dirname "$0")/../.." && pwd)
. "$TOP/test/system/lib.sh"
skip_if_no_server

pg_start src
pg_start dst
sql src 'CREATE TABLE a (id int PRIMARY KEY, v text); CREATE TABLE b (id int PRIMARY KEY, v text);
	INSERT INTO a VALUES (1); INSERT INTO b VALUES (1)'
write() {			# RULES [OPTIONS]
	conf_write <<-CONF
		t: { source = "src"; target = "dst"; tables = ( $1 ); ${2:-} };
	CONF
}
A='{ include = "public.a"; }'
B='{ include = "public.b"; }'
write "$A"
repld_start
loaded t

step 'paused: prepared now, taken when it is resumed'
run_rc 0 ctl pause t
write "$A, $B"
run_rc 0 ctl reload
expect_text 'task t: takes effect when the task is resumed: tables: rule 2' "$TMP/out"
expect_text 'task t: table public\.b is added' "$TMP/out"
expect state paused "$(task_get t state)"
[ -z "$(sql dst "SELECT to_regclass('public.b')")" ] || fail 'a paused task has made a table'
run_rc 0 ctl resume t
loaded t
synced t
compare public.a public.b

step 'the source is down: refused, with what could not be asked'
pg_stop src immediate
wait_state t retrying
write "$A"
run_rc 1 ctl reload
expect_text 'task t: refused, it goes on as before' "$TMP/out"
expect_text "task t: the source can't be asked; reload again when it answers" "$TMP/out"
wait_state t retrying

step 'and what takes effect at once is not: a server is needed for what the task refused before'
write "$A" 'apply: { max_rows = 9; };'
run_rc 1 ctl reload
expect_text "can't be asked" "$TMP/out"

step 'retrying, and the source is back: accepted, and tried at once'
pg_start src
write "$A, { include = \"public.b\"; }" 'staging: { ring_size = "16MB"; };'
run_rc 0 ctl reload
expect_text 'task t: takes effect with the run that begins now' "$TMP/out"
loaded t
expect ring 16777216 "$(task_get t ring.size_bytes)"
sql src 'INSERT INTO a VALUES (2); INSERT INTO b VALUES (2)'
synced t
compare public.a public.b

step 'the target is down: refused'
pg_stop dst immediate
write "$A"
run_rc 1 ctl reload
expect_text "task t: the target can't be asked" "$TMP/out"
pg_start dst
write "$A, $B" 'staging: { ring_size = "16MB"; };'
run_rc 0 ctl reload
loaded t

step 'in error: the rules that take out what stops it let it go on'
sql dst 'ALTER TABLE b ADD CHECK (id < 5)'
sql src 'INSERT INTO b VALUES (7)'
wait_state t error
write "$A"
run_rc 0 ctl reload
expect_text 'task t: takes effect with the run that begins now' "$TMP/out"
expect_text 'task t: table public\.b has left' "$TMP/out"
wait_state t running
sql src 'INSERT INTO a VALUES (3)'
synced t
compare public.a

step 'in error, and what is in its way is still there: refused, with the fix'
sql src 'ALTER TABLE a ADD c int; INSERT INTO a VALUES (4, NULL, 1)'
wait_state t error
write "$A" 'staging: { ring_size = "17MB"; };'
run_rc 1 ctl reload
expect_text 'task t: public\.a: .*column c.*; fix: ALTER TABLE .*ADD COLUMN' "$TMP/out"
expect state error "$(task_get t state)"
sql dst 'ALTER TABLE a ADD c int'
run_rc 0 ctl reload
wait_state t running
synced t
compare public.a

step 'two reloads at once: one waits its turn or says that the other is under way'
sql src 'CREATE TABLE big (id int PRIMARY KEY); INSERT INTO big SELECT generate_series(1, 1000)'
reloaded() { ctl reload >"$TMP/out" 2>&1; }
for i in 1 2 3 4 5; do
	write "$A, { include = \"public.big\"; }" "staging: { ring_size = \"$((20 + i))MB\"; };"
	background "$REPLD" ctl reload >"$TMP/one" 2>&1
	one=$BG
	rc=0
	ctl reload >"$TMP/two" 2>&1 || rc=$?
	rc1=0
	wait "$one" || rc1=$?
	cat "$TMP/one" "$TMP/two" >"$TMP/out"
	[ $((rc + rc1)) -eq 0 ] || expect_text 'another reload is under way' "$TMP/out"
	# then a signal's from the round before may be under way still
	[ $((rc + rc1)) -le 1 ] || wait_for 20 reloaded || { cat "$TMP/out" >&2; fail "both reloads failed: $rc1 and $rc"; }
	[ $((rc + rc1)) -gt 1 ] || expect_text 'takes effect with the run that begins now: staging\.ring_size' "$TMP/out"
	kill -HUP "$REPLD_PID"
	kill -HUP "$REPLD_PID"
done
streams() { task_is t running && [ "$(table_get t public.big state)" = streaming ]; }
wait_for 30 streams || fail 'the table that was added does not come to stream'
joined t
ctl restart t >/dev/null		# a load group has had its share of the ring
whole() { streams && [ "$(task_get t ring.size_bytes)" = $((25 << 20)) ]; }
wait_for 30 whole || fail 'the last configuration is not in effect'
sql src 'INSERT INTO big VALUES (0)'
synced t
compare public.a public.big

step 'a command that crosses a reload is answered, and nothing is lost'
for i in 1 2 3 4 5 6; do
	write "$A, { include = \"public.big\"; }" "staging: { ring_size = \"$((30 + i))MB\"; };"
	background "$REPLD" ctl reload >"$TMP/one" 2>&1
	one=$BG
	case $i in
	1 | 4) ctl restart t ;;
	2 | 5) ctl resync t public.big --yes ;;
	*) ctl pause t && ctl resume t ;;
	esac >"$TMP/two" 2>&1 || { cat "$TMP/two" >&2; fail 'a command was refused'; }
	wait "$one" || { cat "$TMP/one" >&2; fail 'the reload was refused'; }
	sql src "INSERT INTO big VALUES (-$i); DELETE FROM big WHERE id = $i"
done
joined t
synced t
compare public.a public.big
repld_stop
