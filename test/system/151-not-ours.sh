#!/bin/sh
# What repld did not make it does not drop, and what it has not seen it does not pass over: another's slot under a new name in the configuration,
# tables loaded without a slot, rules with a slip.
# timeout: 120
TOP=$(cd "$(dirname "$0")/../.." && pwd)
. "$TOP/test/system/lib.sh"
skip_if_no_server

pg_start src
pg_start dst
sql src "CREATE TABLE a (id int PRIMARY KEY); INSERT INTO a VALUES (1); CREATE TABLE b (id int PRIMARY KEY); INSERT INTO b VALUES (1)"

step 'loaded in mode full_load, then asked to stream: what came between is named'
conf_task t 'mode = "full_load";'
repld_start
wait_state t stopped
repld_stop
sql src 'INSERT INTO a VALUES (2)'
conf_task t
repld_start
wait_state t error
ctl status t >"$TMP/out" || :
expect_text 'no slot has kept' "$TMP/out"
expect_text 'reload' "$TMP/out"
run_rc 0 ctl restart t --reload --yes
loaded t
synced t
compare public.a public.b

step 'a rule with a slip is refused by a reload, stops a task that starts with it, and forgets nothing'
sed -i 's/include = "public.\*"/include = "public.a"/; s/include = "public.a"; }/include = "public.a"; }, { include = "public.nothing"; }/' "$CONF"
run_rc 1 ctl reload
expect_text 'include = "public.nothing" matches no table' "$TMP/out"
expect_no_text 'supervisor' "$TMP/out"
expect 'state of the task' running "$(task_get t state)"
repld_stop
repld_start
wait_state t error
expect 'tables that are known' 2 "$(sql dst "SELECT count(*) FROM repld.table_state WHERE state = 'streaming'")"
conf_task t
sql src 'INSERT INTO b VALUES (2)'
ctl reload >/dev/null || :
ctl restart t >/dev/null || :
wait_state t running
synced t
compare public.a public.b
repld_stop

step 'the slot of another is not dropped: by cleanup'
sql src "SELECT pg_create_logical_replication_slot('strange', 'pgoutput')" >/dev/null
strange() { sql src "SELECT restart_lsn <= '$at' FROM pg_replication_slots WHERE slot_name = 'strange'"; }
at=$(sql src "SELECT restart_lsn FROM pg_replication_slots WHERE slot_name = 'strange'")
conf_task t 'postgresql: { slot = "strange"; };'
run_rc 0 "$REPLD" cleanup -c "$CONF" t --yes
cat "$TMP/out"
expect_text 'strange was not made by repld' "$TMP/out"
expect_text 'slot repld_t of a former' "$TMP/out"
expect 'the slot' t "$(strange)"
sql src "SELECT pg_drop_replication_slot('repld_t')" >/dev/null

step 'nor by a reload'
sql dst 'DROP TABLE a, b'
conf_task t
repld_start
loaded t
repld_stop
conf_task t 'postgresql: { slot = "strange"; };'
repld_start
wait_state t error
run_rc 0 ctl restart t --reload --yes
wait_state t running
loaded t
synced t
expect_text 'using slot strange, which repld did not make' "$TMP/repld.log"
expect_no_text 'slot strange made' "$TMP/repld.log"
compare public.a public.b
repld_stop
