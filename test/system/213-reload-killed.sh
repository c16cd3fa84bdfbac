#!/bin/sh
# A table leaves the rules and returns, and the daemon is killed at any moment between: what changed while the table was away is there
# afterwards, whether the kill came before it was forgotten or after.
# timeout: 240
TOP=$(cd "$(dirname "$0")/../.." && pwd)
. "$TOP/test/system/lib.sh"
skip_if_no_server

rounds=${ROUNDS:-12}
pg_start src
pg_start dst
sql src 'CREATE TABLE stays (id int PRIMARY KEY, v int); CREATE TABLE leaves (id int PRIMARY KEY, v int);
	INSERT INTO stays SELECT g, 0 FROM generate_series(1, 100) g; INSERT INTO leaves SELECT g, 0 FROM generate_series(1, 100) g'
sql dst 'CREATE TABLE stays (id int PRIMARY KEY, v int); CREATE TABLE leaves (id int PRIMARY KEY, v int)'
write() {			# RULES
	conf_write <<-CONF
		t: { source = "src"; target = "dst"; tables = ( { include = "public.stays"; } $1 ); full_load: { target_tables = "truncate"; }; };
	CONF
}
both_stream() { [ "$(table_get t public.leaves state)" = streaming ] && [ "$(table_get t public.stays state)" = streaming ]; }
write ', { include = "public.leaves"; }'
repld_start
wait_for 60 both_stream || fail 'the tables do not come to stream'

step "$rounds times: it leaves, a kill at any moment, it changes, it returns"
i=0 forgotten=0
while [ $i -lt "$rounds" ]; do
	i=$((i + 1))
	write ''
	background "$REPLD" ctl reload >"$TMP/reload" 2>&1
	asked=$BG
	sleep "0.$(printf %03d "$(random 400)")"
	[ $((i % 3)) -ne 0 ] || wait "$asked" || :
	[ $((i % 4)) -ne 0 ] || sleep 0.5
	repld_kill
	[ -n "$(sql dst "SELECT 1 FROM repld.table_state WHERE source_name = 'leaves'")" ] || forgotten=$((forgotten + 1))
	sql src "UPDATE leaves SET v = $i WHERE id % 7 = $i % 7; DELETE FROM leaves WHERE id = $i; INSERT INTO leaves VALUES (1000 + $i, $i);
		UPDATE stays SET v = $i"
	write ', { include = "public.leaves"; }'
	repld_start
	wait_for 60 both_stream || { ctl status t --tables >&2; fail "round $i: the tables do not come to stream"; }
	synced t
	compare public.leaves public.stays
done
say "   forgotten at $forgotten of $rounds kills"

step 'a run without it has written: it is loaded when it returns, after a kill too'
loads() { grep -c 'table public\.leaves loaded' "$TMP/repld.log"; }
before=$(loads)
write ''
run_rc 0 ctl reload
sql src 'UPDATE leaves SET v = -1; UPDATE stays SET v = -1'
synced t
repld_kill
write ', { include = "public.leaves"; }'
repld_start
wait_for 60 both_stream || fail 'the tables do not come to stream'
expect 'loads of the table' $((before + 1)) "$(loads)"
synced t
compare public.leaves public.stays
repld_stop
