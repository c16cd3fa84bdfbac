#!/bin/sh
# A reload that a task refuses: all that is in the way is said at once, each with its fix; the task's old rules and the other tasks go on, in
# the run that is under way. A typo is refused before any task is asked. SIGHUP says the same in the log as ctl reload in its answer.
# timeout: 120
TOP=$(cd "$(dirname "$0")/../.." && pwd)
. "$TOP/test/system/lib.sh"
skip_if_no_server

pg_start src
pg_start dst
sql src 'CREATE TABLE a (id int PRIMARY KEY, v int); CREATE TABLE b (id int PRIMARY KEY, v int); CREATE TABLE keyless (v int);
	CREATE TABLE filled (id int PRIMARY KEY); CREATE TABLE other (id int PRIMARY KEY, v int);
	INSERT INTO a SELECT g, 0 FROM generate_series(1, 10) g; INSERT INTO b SELECT g, 0 FROM generate_series(1, 10) g;
	INSERT INTO keyless VALUES (1); INSERT INTO filled VALUES (1); INSERT INTO other VALUES (1, 0)'
sql dst 'CREATE TABLE filled (id int PRIMARY KEY); INSERT INTO filled VALUES (7)'
write() {			# RULES-OF-t [OPTIONS]
	conf_write <<-CONF
		t: { source = "src"; target = "dst"; tables = ( { include = "public.a"; } $1 ); ${2:-} };
		u: { source = "src"; target = "dst"; tables = ( { include = "public.other"; } ); apply: { max_rows = ${ROWS:-5000}; }; };
	CONF
}
runs() { grep -c 'task=t streaming from' "$TMP/repld.log"; }
goes_on() {			# both tasks, by the old rules
	expect 'runs of t' 1 "$(runs)"
	sql src 'UPDATE a SET v = v + 1; UPDATE other SET v = v + 1'
	synced t
	synced u
	compare public.a public.other
	expect 'tables of t' 1 "$(task_get t full_load.tables_total)"
}
write ''
repld_start
loaded t
loaded u

step 'a typo: refused as a whole, before any task is asked'
ROWS=77 write '' 'aply: { max_rows = 1; };'
run_rc 2 ctl reload
expect_text 'repld\.conf:.*aply: unknown option; did you mean "apply"' "$TMP/out"
expect_no_text 'task u' "$TMP/out"
goes_on

step 'a table whose key is missing, one that has rows on the target, a pattern that matches nothing: all said at once, with their fixes'
ROWS=78 write ', { include = "public.b"; }, { include = "public.keyless"; }, { include = "public.filled"; }, { include = "public.ordres"; }' \
	'staging: { ring_size = "32MB"; };'
run_rc 1 ctl reload
expect_text '^task t: refused, it goes on as before: staging\.ring_size' "$TMP/out"
expect_text '^task t: refused, it goes on as before: tables: rule 2' "$TMP/out"
expect_text '^task t: public\.keyless.* has no primary key.*; fix: ALTER TABLE .*"keyless" REPLICA IDENTITY FULL' "$TMP/out"
expect_text '^task t: public\.filled: .*has rows already; fix: empty it' "$TMP/out"
expect_text '^task t: .*include = "public\.ordres" matches no table of the source; fix: ' "$TMP/out"
expect_text '^task t: the file still says so, and a restart of the daemon takes it' "$TMP/out"
expect_text '^task u: in effect: apply\.max_rows 5000 -> 78' "$TMP/out"
cp "$TMP/out" "$TMP/answer"
goes_on
expect 'ring of t' 67108864 "$(task_get t ring.size_bytes)"

step 'SIGHUP says the same: the task is asked again, though the file is the same'
lines=$(wc -l <"$TMP/repld.log")
kill -HUP "$REPLD_PID"
in_log() { tail -n +"$((lines + 1))" "$TMP/repld.log" | grep -q 'reload: task t: the file still says so'; }
wait_for 20 in_log || fail 'SIGHUP does not tell of the refusal'
tail -n +"$((lines + 1))" "$TMP/repld.log" | sed -n 's/^.* reload: \(task t: .*\)/\1/p' | grep -v 'goes on as before' >"$TMP/hup"
grep '^task t: ' "$TMP/answer" | grep -v 'goes on as before' | diff - "$TMP/hup" >&2 || fail 'SIGHUP and ctl reload differ'
goes_on

step 'an option that takes effect at once waits with the rest of a refused task'
ROWS=78 write ', { include = "public.keyless"; }' 'apply: { max_rows = 55; };'
run_rc 1 ctl reload
expect_text '^task t: refused' "$TMP/out"
expect_no_text '^task t: in effect' "$TMP/out"
goes_on

step 'what was in the way is put right: accepted'
sql src 'ALTER TABLE keyless ADD PRIMARY KEY (v)'
ROWS=78 write ', { include = "public.b"; }, { include = "public.keyless"; }'
run_rc 0 ctl reload
expect_text '^task t: takes effect with the run that begins now: tables: rule 2' "$TMP/out"
expect_text '^task t: table public\.b is added, as public\.b: it is loaded beside the stream' "$TMP/out"
expect_text '^task t: table public\.keyless is added' "$TMP/out"
expect_text '^1 task unchanged' "$TMP/out"
sql src 'UPDATE b SET v = v + 1'
loaded t
synced t
compare public.a public.b public.keyless

step 'back to the former rules, and nothing is left to say'
write ''
run_rc 0 ctl reload
expect_text '^task t: table public\.b has left: public\.b is no longer written, what is there stays' "$TMP/out"
run_rc 0 ctl reload
expect_text '^2 tasks unchanged' "$TMP/out"
repld_stop
