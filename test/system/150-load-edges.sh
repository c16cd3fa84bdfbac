#!/bin/sh
# Edges of the load: a batch that is written again at the moment when a table catches up; a column that comes while the slot is made;
# a rate that several tables share.
# timeout: 150
TOP=$(cd "$(dirname "$0")/../.." && pwd)
. "$TOP/test/system/lib.sh"
skip_if_no_server

pg_start src
pg_start dst

step 'a column that comes while slot creation waits is loaded with its values'
sql src "CREATE TABLE shape (id int PRIMARY KEY, v int); INSERT INTO shape VALUES (1, 1), (2, 2); CREATE TABLE other (id int)"
conf_task t 'full_load: { max_rate = "512kB"; };' 'apply: { max_delay = "1s"; };'
sed -i 's/include = "public.\*"; }/include = "public.*"; }, { exclude = "public.other"; }/' "$CONF"
slot_waits() { task_get t reason | grep -q 'open on the source'; }
background psql_of src -o /dev/null -c "BEGIN; INSERT INTO other VALUES (1); SELECT pg_sleep(4); COMMIT"
sleep 0.5
repld_start
wait_for 5 slot_waits || fail 'slot creation does not wait'
sql src "ALTER TABLE shape ADD w int DEFAULT 7; UPDATE shape SET w = 8 WHERE id = 2"
loaded t
sql src "INSERT INTO shape VALUES (3, 3, 3)"
synced t
compare public.shape
repld_stop
run_rc 0 "$REPLD" cleanup -c "$CONF" t --yes
sql dst 'DROP TABLE shape'

step 'four tables of 512 kB at 512 kB a second take their four seconds'
sql src "DROP TABLE shape"
for i in 1 2 3 4; do
	sql src "CREATE TABLE r$i (id int PRIMARY KEY, t text); INSERT INTO r$i SELECT g, repeat('r', 2000) FROM generate_series(1, 256) g"
done
begin=$(now_ms)
repld_start
loaded t
took=$(($(now_ms) - begin))
say "   $took ms"
[ $took -ge 3000 ] || fail "the rate was not kept: $took ms"
repld_stop
run_rc 0 "$REPLD" cleanup -c "$CONF" t --yes
for i in 1 2 3 4; do both "DROP TABLE r$i"; done

step 'a load cut short: a transaction of both tables, one complete and one loaded again beside the stream, and a failing batch'
sql src "CREATE TABLE a (id int PRIMARY KEY, u text UNIQUE, n int); INSERT INTO a VALUES (1, 'a', 0), (2, 'b', 0);
	CREATE TABLE b (v int, t text); ALTER TABLE b REPLICA IDENTITY FULL;
	INSERT INTO b SELECT g, repeat('b', 1000) FROM generate_series(1, 2000) g"
repld_start
a_is_loaded() { [ "$(table_get t public.a state)" = loaded ]; }
wait_for 20 a_is_loaded || fail 'a is not loaded first'
repld_kill
sql src "UPDATE a SET n = 1"
sql src "BEGIN; INSERT INTO a VALUES (3, 'x', 0); INSERT INTO b VALUES (-1, 'only once'); COMMIT"
repld_start
b_is_loaded_again() { [ "$(table_get t public.b state)" = loading ]; }
wait_for 20 b_is_loaded_again || fail 'no second load'
background psql_of dst -o /dev/null -c "BEGIN; LOCK TABLE a IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(8); COMMIT"
sql src "BEGIN; UPDATE a SET n = 2 WHERE id = 1; UPDATE a SET u = 'c' WHERE id = 2; UPDATE a SET u = 'b' WHERE id = 1; COMMIT"
synced t
[ "$(task_get t apply.fallbacks)" -gt 0 ] || say '   (no batch failed: nothing is shown)'
joined t
compare public.a public.b
repld_stop
