#!/bin/sh
# ctl resync: the named tables are emptied and loaded again, under writes, and equal afterwards; the others keep their rows. It asks; it is
# refused, with the reason, where it can't be done; it outlives a kill in its middle.
# timeout: 180
TOP=$(cd "$(dirname "$0")/../.." && pwd)
. "$TOP/test/system/lib.sh"
skip_if_no_server

pg_start src
pg_start dst
workload_make 4
sql src 'CREATE TABLE wide (id int PRIMARY KEY, t text); INSERT INTO wide SELECT g, repeat(md5(g::text), 20) FROM generate_series(1, 60000) g;
	CREATE TABLE bad (id int PRIMARY KEY, v text); INSERT INTO bad VALUES (1, $$long value$$);
	CREATE TABLE added (id int PRIMARY KEY); INSERT INTO added VALUES (1); CREATE TABLE fed (id int PRIMARY KEY)'
sql dst 'CREATE TABLE bad (id int PRIMARY KEY, v text CHECK (length(v) < 8)); CREATE TABLE added (id int PRIMARY KEY); INSERT INTO added VALUES (9);
	CREATE TABLE fed (id int PRIMARY KEY)'
conf_write <<'CONF'
	t: { source = "src"; target = "dst"; tables = ( { include = "public.*"; }, { exclude = "public.added"; }, { exclude = "public.fed"; } ); };
	app: { source = "src"; target = "dst"; tables = ( { include = "public.added"; } ); full_load: { target_tables = "append"; }; };
	only: { source = "src"; target = "dst"; mode = "cdc"; tables = ( { include = "public.fed"; } ); };
CONF
repld_start
loaded t
loaded app
loaded only
expect 'the table that the target refuses' suspended "$(table_get t public.bad state)"
streaming() { [ "$(table_get t "$1" state)" = streaming ]; }
refused() {			# TEXT TASK TABLE...
	text=$1
	shift
	run_rc 1 ctl resync "$@" --yes
	expect_text "$text" "$TMP/out"
}

# the target knows that it is to be loaded again
is_stored() { [ "$(sql dst "SELECT state <> 'streaming' OR load_group > 0 FROM repld.table_state WHERE task = 't' AND 'public.' || source_name = '$1'")" = t ]; }

step 'refused, with the reason'
run_rc 2 ctl resync t public.acct
expect_text 'asks before it does this; without a terminal: --yes' "$TMP/out"
run_rc 2 ctl resync t --yes
expect_text 'which tables' "$TMP/out"
run_rc 2 ctl resync nosuch public.acct --yes
refused 'public\.account is no table of this task' t public.account
refused 'public\.act is no table of this task; did you mean public\.acct' t public.acct public.act
refused 'acct is no table of this task; did you mean public\.acct' t acct
refused 'mode is cdc: repld loads no tables here' only public.fed
refused 'public\.added was appended to public\.added, where rows of others are' app public.added
run_rc 0 ctl pause app
refused 'the task is paused; resume it first' app public.added
run_rc 0 ctl resume app
expect 'rows that were there before' '1 9' "$(sql dst "SELECT string_agg(id::text, ' ' ORDER BY id) FROM added")"

step 'two tables under writes: rows of nobody are gone, rows that were lost are back'
workload_start 25 4 -R 200
sql dst 'INSERT INTO kv VALUES (-5, NULL, NULL, 0, 0, now()); DELETE FROM acct WHERE id IN (5, 7)'
wait_for 20 phase_is t cdc || fail 'the stream does not run'
run_rc 0 ctl resync t public.acct public.kv --yes
expect_text '^2 tables are emptied and loaded again beside the stream: public\.acct, public\.kv' "$TMP/out"
grep -q 'ctl: resync t public.acct public.kv, by root (uid' "$TMP/repld.log" || fail 'the command is not logged with its user'
loaded_again() { [ "$(grep -c 'table public\.acct loaded' "$TMP/repld.log")" -ge 2 ] && streaming public.acct && streaming public.kv; }
wait_for 60 loaded_again || { ctl status t --tables >&2; fail 'the tables are not loaded again'; }

step 'a kill in the middle of a load'
for i in 1 2 3; do
	sql dst "DELETE FROM wide WHERE id % 3 = 0; INSERT INTO wide VALUES (-$i, 'nobody')"
	wait_for 60 phase_is t cdc || fail 'the stream does not run'
	wait_for 20 ctl resync t public.wide --yes	# the worker that was killed may look alive for a moment
	wait_for 20 is_stored public.wide || fail "the table is not queued"
	sleep "0.$(printf %03d "$(random 600)")"
	kill -9 "$(worker_pid t)" || :
	wait_state t running 60
done
wait_for 60 streaming public.wide || { ctl status t --tables >&2; fail 'the table is not loaded again'; }

step 'a suspended table comes back'
sql dst 'ALTER TABLE bad DROP CONSTRAINT bad_v_check'
wait_for 60 phase_is t cdc || fail 'the stream does not run'
run_rc 0 ctl resync t public.bad --yes
wait_for 60 streaming public.bad || fail 'the table is not loaded'

step 'everything is equal'
workload_wait
loaded t
synced t
workload_compare
compare public.wide public.bad

step 'in error: what stops the stream is loaded over'
sql dst 'ALTER TABLE bad ADD CHECK (id < 5)'
sql src "INSERT INTO bad VALUES (7, 'x')"
wait_state t error
sql dst 'ALTER TABLE bad DROP CONSTRAINT bad_id_check'
run_rc 0 ctl resync t public.bad --yes
wait_state t running
wait_for 60 streaming public.bad || fail 'the table is not loaded'
synced t
compare public.bad
repld_stop
