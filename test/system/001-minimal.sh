#!/bin/sh
# The thinnest slice: a row is loaded, rows are streamed, the checkpoint stands on the target, a restart goes on from it.
# matrix: postgresql
# timeout: 120
# sanitizers: yes
TOP=$(cd "$(dirname "$0")/../.." && pwd)
. "$TOP/test/system/lib.sh"
skip_if_no_server

pg_start src
pg_start dst
sql src "CREATE TABLE fruit (id int PRIMARY KEY, name text NOT NULL, price numeric(8, 2) DEFAULT 1.5);
	INSERT INTO fruit VALUES (1, 'apple', 0.30);"
plain_numbers fruit
conf_task t
run_rc 0 "$REPLD" check -c "$CONF"

step 'a row is loaded'
repld_start
loaded t
expect 'the loaded row' '1|apple|0.30' "$(sql dst 'SELECT * FROM fruit')"

step 'insert, update, delete are streamed'
sql src "INSERT INTO fruit VALUES (2, 'pear', 0.50), (3, 'plum', NULL)"
sql src "UPDATE fruit SET name = 'green apple' WHERE id = 1"
sql src "DELETE FROM fruit WHERE id = 2"
synced t
compare public.fruit
expect 'rows on the target' "1|green apple|0.30
3|plum|$([ "$NULL_NUMBER" = NULL ] || echo 0.00)" "$(sql dst 'SELECT * FROM fruit ORDER BY id')"

step 'the checkpoint row stands on the target, the source is confirmed up to it'
expect 'checkpoint rows' 1 "$(sql dst "SELECT count(*) FROM repld.checkpoint WHERE task = 't'")"
expect 'state of the table' streaming "$(table_get t public.fruit state)"
applied=$(task_get t position.applied)
confirmed_reaches() {
	[ "$(sql src "SELECT count(*) FROM pg_replication_slots WHERE slot_name = 'repld_t' AND confirmed_flush_lsn >= '$applied'")" = 1 ]
}
wait_for 15 confirmed_reaches || fail "the slot is not confirmed up to $applied"

step 'totals of the status'
expect inserts 2 "$(task_get t totals.inserts)"
expect updates 1 "$(task_get t totals.updates)"
expect deletes 1 "$(task_get t totals.deletes)"

step 'a restart goes on where it was, and loads nothing again'
repld_stop
sql src "INSERT INTO fruit VALUES (4, 'while down', 4); UPDATE fruit SET price = 9 WHERE id = 3"
sql dst "CREATE TABLE op_count (n int); CREATE FUNCTION op() RETURNS trigger LANGUAGE plpgsql AS
	\$\$ BEGIN INSERT INTO public.op_count VALUES (1); RETURN NULL; END \$\$;
	CREATE TRIGGER ops AFTER INSERT OR UPDATE OR DELETE ON fruit FOR EACH ROW EXECUTE FUNCTION op();
	ALTER TABLE fruit ENABLE ALWAYS TRIGGER ops"
repld_start
synced t
compare public.fruit
expect 'changes made on the target since the restart' 2 "$(sql dst 'SELECT count(*) FROM op_count')"

step 'what is complete is committed at SIGTERM'
sql src "INSERT INTO fruit SELECT g, 'fruit ' || g FROM generate_series(10, 2000) g"
synced t
repld_stop
compare public.fruit
