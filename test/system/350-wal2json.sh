#!/bin/sh
# The output plugin wal2json: what keeps it from working is found beforehand, each with its fix; then what only it does its own way: no
# publication, odd names, NaN, messages, renamed tables, a replica identity that goes, new partitions among tables of others.
# timeout: 170
TOP=$(cd "$(dirname "$0")/../.." && pwd)
PLUGIN=wal2json PLUGIN_REFUSED=1
. "$TOP/test/system/lib.sh"
skip_if_no_server
set_to() { sql src "ALTER SYSTEM SET $1" && sql src 'SELECT pg_reload_conf()' >/dev/null && sleep 0.5; }
check() {			# EXIT-STATUS TEXT FIX
	run_rc "$1" "$REPLD" check -c "$CONF"
	expect_text "$2" "$TMP/out"
	expect_text "$3" "$TMP/out"
	say "   $(grep -iE -m 1 -- "$2" "$TMP/out")"
}
table_says() { table_get t "public.$1" error >"$TMP/said" && grep -Eq "$2" "$TMP/said"; }

pg_start src
pg_start dst
libraries=$(sql src "SELECT setting FROM pg_settings WHERE name = 'output_plugin_libraries'")
sql src "CREATE TABLE plain (id int PRIMARY KEY, v text, n numeric(10, 2) NOT NULL); INSERT INTO plain VALUES (1, 'one', 1.50)"
conf_task t

if [ -n "$libraries" ]; then
	step 'a server that was not told of the plugin'
	check 1 'does not let wal2json be an output plugin' "ALTER SYSTEM SET output_plugin_libraries = 'pgoutput', 'test_decoding', 'wal2json'"
	fix=$(sed -n "s/.*\(ALTER SYSTEM SET output_plugin_libraries = [^;]*\);.*/\1/p" "$TMP/out" | head -n 1)
	repld_start
	wait_state t error
	expect kind config "$(task_get t error.kind)"
	expect 'slots left behind' 0 "$(sql src 'SELECT count(*) FROM pg_replication_slots')"
	repld_stop
	set_to "${fix#ALTER SYSTEM SET }"
fi

step 'a server that does not have it'
path=$(sql src 'SHOW dynamic_library_path')
set_to "dynamic_library_path = '/nowhere'"
check 1 'wal2json is not installed on the source' "postgresql-$PGVERSION-wal2json"
set_to "dynamic_library_path = '$path'"
run_rc 0 "$REPLD" check -c "$CONF"
expect_text 'through the output plugin wal2json' "$TMP/out"
expect 'slots left behind' 0 "$(sql src 'SELECT count(*) FROM pg_replication_slots')"

step 'tables without a key, a slot of the other plugin, another encoding'
sql src 'CREATE TABLE nokey (a int); CREATE TABLE late_key (a int PRIMARY KEY DEFERRABLE)'
sql src "SELECT pg_create_logical_replication_slot('repld_t', 'pgoutput')" >/dev/null
check 1 'nokey has no primary key: its updates and deletes are left out by wal2json' 'REPLICA IDENTITY FULL'
expect_text 'late_key has a deferrable primary key' "$TMP/out"
expect_text "slot repld_t can't be used: it is a logical slot of plugin pgoutput" "$TMP/out"
expect_text 'or set plugin = "pgoutput"' "$TMP/out"
sql src "SELECT pg_drop_replication_slot('repld_t')" >/dev/null
sql src 'DROP TABLE nokey, late_key'
sql src "CREATE DATABASE latin ENCODING LATIN1 LOCALE 'C' TEMPLATE template0"
sed -i 's/\(src: .*dbname = \)"app"/\1"latin"/' "$CONF"
check 1 'the encoding LATIN1: wal2json writes text as it is stored' 'plugin = "pgoutput"'

step 'names that need care, types whose text is no JSON'
sql src "CREATE SCHEMA \"My S\"; CREATE TYPE \"My S\".\"a\\b \"\"c\"\"\" AS ENUM ('x', 'y'); CREATE TYPE \"Mood\" AS ENUM ('sad', 'ok');
	CREATE TABLE \"*\" (id int PRIMARY KEY, v text); CREATE TABLE \"a.b c,d\\e%f\"\"g\" (\"k\"\"\\'	é\" int PRIMARY KEY, m \"Mood\", l \"Mood\"[]);
	CREATE TABLE typed (id int PRIMARY KEY, t \"My S\".\"a\\b \"\"c\"\"\", v text);
	CREATE TABLE made (id int PRIMARY KEY, a int, twice int GENERATED ALWAYS AS (a * 2) STORED);
	CREATE TABLE fk_p (id int PRIMARY KEY); CREATE TABLE fk_c (id int PRIMARY KEY, p int REFERENCES fk_p);
	CREATE TABLE ident (id int PRIMARY KEY, v text); CREATE TABLE named (id int PRIMARY KEY, v text)"
sql dst "CREATE TYPE \"Mood\" AS ENUM ('sad', 'ok'); CREATE SCHEMA \"My S\"; CREATE TYPE \"My S\".\"a\\b \"\"c\"\"\" AS ENUM ('x', 'y')"
conf_task t
repld_start
loaded t
expect 'publications' 0 "$(sql src 'SELECT count(*) FROM pg_publication')"
expect 'the plugin in the status' wal2json "$(task_get t plugin)"
expect "the slot's plugin" wal2json "$(sql src "SELECT plugin FROM pg_replication_slots WHERE slot_name = 'repld_t'")"
sql dst 'ALTER TABLE fk_c ADD FOREIGN KEY (p) REFERENCES fk_p'
sql src "INSERT INTO \"*\" VALUES (1, 'star'); INSERT INTO \"a.b c,d\\e%f\"\"g\" VALUES (1, 'sad', '{ok,NULL}'), (2, NULL, NULL); DELETE FROM \"a.b c,d\\e%f\"\"g\" WHERE m IS NULL;
	INSERT INTO typed VALUES (1, 'x', repeat('long ', 1000) || random()); UPDATE typed SET t = 'y'; INSERT INTO made (id, a) VALUES (1, 4); UPDATE made SET a = 5;
	INSERT INTO ident VALUES (1, 'v'), (2, 'v'); INSERT INTO named VALUES (1, 'v');
	INSERT INTO fk_p VALUES (1); INSERT INTO fk_c VALUES (1, 1); TRUNCATE fk_p, fk_c; INSERT INTO fk_p VALUES (2)"
synced t
odd="SELECT * FROM \"a.b c,d\\e%f\"\"g\""
expect 'rows of the odd table' "$(sql src "$odd")" "$(sql dst "$odd")"
compare 'public."*"' public.typed public.made public.fk_p public.fk_c public.plain
sql dst 'ALTER TABLE fk_c DROP CONSTRAINT fk_c_p_fkey'

step 'messages, and transactions of nobody, are no rows, and are passed by'
sql src "SELECT pg_logical_emit_message(true, 'x', repeat('x', 10000000)), pg_logical_emit_message(false, 'y', 'y')" >/dev/null
sql src 'CREATE TABLE public.others AS SELECT 1 AS a; DROP TABLE public.others'
end=$(sql src 'SELECT pg_current_wal_lsn()')
synced t
expect 'the position after a sync' t "$(sql dst "SELECT position::pg_lsn >= '$end' FROM repld.checkpoint WHERE task = 't'")"

step 'NULL and NaN in numeric columns'
sql src 'ALTER TABLE plain ADD f float8'
sql dst 'ALTER TABLE plain ADD f float8'
sql src "INSERT INTO plain VALUES (2, NULL, 2.00, 0.5)"
wait_state t error
expect_text 'column f is new' "$TMP/repld.log"
run_rc 0 ctl restart t
synced t
sql src "INSERT INTO plain VALUES (3, NULL, 'NaN', NULL), (4, '', 3, 'NaN')"
if [ "$NULL_NUMBER" = NULL ]; then
	synced t
else
	wait_state t error
	expect kind config "$(task_get t error.kind)"
	expect_text 'writes null for NaN and infinity too' "$TMP/repld.log"
	expect_text 'warning .*older than 2.6' "$TMP/repld.log"
	expect 'rows applied past it' 2 "$(sql dst 'SELECT count(*) FROM plain')"
	sql src 'DELETE FROM plain WHERE id > 2; UPDATE plain SET f = 0 WHERE f IS NULL'
	run_rc 0 ctl restart t --reload --yes
	loaded t
	synced t
fi
compare public.plain

step 'a modifier that changed stops the task: the target would round'
sql src 'ALTER TABLE plain ALTER n TYPE numeric(12, 4); UPDATE plain SET n = 1.2345 WHERE id = 1'
wait_state t error
expect_text 'column n: numeric\(10,2\) became numeric\(12,4\)|column n is no longer' "$TMP/repld.log"
expect 'rounded on the target' 1.50 "$(sql dst 'SELECT n FROM plain WHERE id = 1')"
sql dst 'ALTER TABLE plain ALTER n TYPE numeric(12, 4)'
run_rc 0 ctl restart t
synced t
compare public.plain

step 'a replica identity that goes'
sql src "ALTER TABLE ident DROP CONSTRAINT ident_pkey; UPDATE ident SET v = 'lost' WHERE id = 1"
ctl sync t --timeout 20 >/dev/null 2>&1 || :
wait_state t error
expect kind hole "$(task_get t error.kind)"
expect_text 'table public.ident has no replica identity any more' "$TMP/repld.log"
sql src 'ALTER TABLE ident ADD PRIMARY KEY (id)'
run_rc 0 ctl resync t public.ident --yes
wait_state t running
joined t
compare public.ident

step 'a table that gets another name'
sql src "ALTER TABLE named RENAME TO called; INSERT INTO called VALUES (2, 'lost')"
ctl sync t --timeout 20 >/dev/null 2>&1 || :
wait_state t error
expect kind hole "$(task_get t error.kind)"
expect_text 'named: the table was renamed from public.named' "$TMP/repld.log"
sql src 'ALTER TABLE called RENAME TO named'
run_rc 0 ctl resync t public.named --yes
wait_state t running
joined t
compare public.named

step 'partitions that come among tables of others'
sql src "CREATE TABLE parted (id int, r text, v int, PRIMARY KEY (id, r)) PARTITION BY LIST (r); CREATE TABLE parted_a PARTITION OF parted FOR VALUES IN ('a');
	CREATE SCHEMA aside; CREATE TABLE aside.stranger (id int); CREATE TABLE aside.parted_c (id int NOT NULL, r text NOT NULL, v int, PRIMARY KEY (id, r))"
run_rc 0 ctl restart t
joined t
sql src "INSERT INTO aside.stranger VALUES (1); INSERT INTO parted VALUES (1, 'a', 1); INSERT INTO aside.parted_c VALUES (9, 'c', 9); DELETE FROM aside.parted_c"
synced t
sql src "CREATE TABLE aside.parted_b PARTITION OF parted FOR VALUES IN ('b'); INSERT INTO parted VALUES (2, 'b', 2); INSERT INTO aside.stranger VALUES (2)"
synced t
sql src "ALTER TABLE parted ATTACH PARTITION aside.parted_c FOR VALUES IN ('c')"
sql src "INSERT INTO parted VALUES (3, 'c', 3); UPDATE parted SET v = v + 1; INSERT INTO aside.stranger VALUES (3)"
synced t
compare public.parted

step 'with the other plugin the slot is not the task'\''s any more'
repld_stop
sed -i 's/plugin = "wal2json"/plugin = "pgoutput"/' "$CONF"
repld_start
wait_state t error
expect_text 'slot repld_t is not this task.s: it is a logical slot of plugin wal2json' "$TMP/repld.log"
expect_text 'set plugin = "wal2json" again' "$TMP/repld.log"
repld_stop
sed -i 's/plugin = "pgoutput"/plugin = "wal2json"/' "$CONF"
repld_start
synced t
repld_stop
run_rc 0 "$REPLD" cleanup -c "$CONF" t --yes
expect 'slots' 0 "$(sql src 'SELECT count(*) FROM pg_replication_slots')"
