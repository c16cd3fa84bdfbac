#!/bin/sh
# The full load of several tables at once, in chunks: content, columns, keys, defaults, identity, indexes; what target_tables means.
# matrix: postgresql
# timeout: 120
TOP=$(cd "$(dirname "$0")/../.." && pwd)
. "$TOP/test/system/lib.sh"
skip_if_no_server

pg_start src
pg_start dst
sqlf src "$TOP/test/system/tables.sql" >/dev/null
conf_write <<'CONF'
	t: {
		source = "src"; target = "dst";
		tables = ( { include = "public.*"; }, { include = "\"My Schema\".*"; }, { exclude = "public.mode_*"; } );
		full_load: { parallel_tables = 3; parallel_chunks = 3; };
	};
CONF

step 'check names the tables and what it would make, and changes nothing'
run_rc 0 "$REPLD" check -c "$CONF"
expect_text 'public.*many' "$TMP/out"
expect_text 'create table' "$TMP/out"
user_tables="SELECT count(*) FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
expect 'tables on the target after check' 0 "$(sql dst "$user_tables")"
expect 'slots after check' 0 "$(sql src 'SELECT count(*) FROM pg_replication_slots')"
expect 'publications after check' 0 "$(sql src 'SELECT count(*) FROM pg_publication')"

step 'all tables load, the target equals the source'
repld_start
loaded t 60
synced t
compare public.many public.empty public.ident public.parted public.uniq public.nokey public.wide '"My Schema"."Odd ""Name"'
expect 'tables loaded' 8 "$(task_get t full_load.tables_loaded)"
expect 'rows loaded of many' "$(sql src 'SELECT count(*) FROM many')" "$(table_get t public.many rows_loaded)"

step 'columns, not null, defaults, identity as on the source'
columns="SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity, (SELECT collname FROM pg_collation WHERE oid = a.attcollation),
	CASE WHEN a.attgenerated = '' THEN pg_get_expr(d.adbin, d.adrelid) END
	FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
	LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
	WHERE n.nspname IN ('public', 'My Schema') AND c.relkind IN ('r', 'p') AND NOT c.relispartition
		AND c.relname NOT LIKE 'mode_%' AND a.attnum > 0 AND NOT a.attisdropped ORDER BY c.relname COLLATE \"C\", a.attnum"
sql src "$columns" >"$TMP/a"
sql dst "$columns" >"$TMP/b"
diff "$TMP/a" "$TMP/b" >&2 || fail 'columns differ (< source, > target)'
expect 'kind of the partitioned table on the target' r "$(sql dst "SELECT relkind FROM pg_class WHERE oid = 'parted'::regclass")"

step 'keys and secondary indexes as on the source'
indexes="SELECT c.relname, pg_get_indexdef(i.indexrelid), i.indisprimary, i.indimmediate FROM pg_index i JOIN pg_class c
	ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname IN ('public', 'My Schema')
	AND NOT c.relispartition AND c.relkind = 'r' AND c.relname NOT LIKE 'mode_%' AND i.indisvalid ORDER BY 1, 2"
sql src "$indexes" >"$TMP/a"
sql dst "$indexes" | grep -v '^parted|' >"$TMP/b"
diff "$TMP/a" "$TMP/b" >&2 || fail 'indexes differ (< source, > target)'
expect 'key of the partitioned table' 'PRIMARY KEY (id, region)' "$(sql dst "SELECT pg_get_constraintdef(oid) FROM pg_constraint
	WHERE conrelid = 'parted'::regclass AND contype = 'p'")"

step 'the stream goes on where the snapshot ended'
sql src "UPDATE many SET b = 'after' WHERE id <= 100; DELETE FROM parted WHERE id < 50; INSERT INTO ident (name) VALUES ('later');
	UPDATE \"My Schema\".\"Odd \"\"Name\" SET \"from\" = 'x' WHERE \"Sel ect\" = 5; DELETE FROM nokey WHERE a = 2"
synced t
compare public.many public.ident public.parted public.nokey '"My Schema"."Odd ""Name"'
repld_stop

step 'target_tables: what is there before the load'
sql dst "CREATE TABLE mode_create (id int PRIMARY KEY, t text); INSERT INTO mode_create VALUES (7, 'target');
	CREATE TABLE mode_truncate (id int PRIMARY KEY, t text); INSERT INTO mode_truncate VALUES (7, 'target');
	CREATE TABLE mode_append (id int PRIMARY KEY, t text); INSERT INTO mode_append VALUES (7, 'target');
	CREATE TABLE mode_drop (other text, id date); INSERT INTO mode_drop VALUES ('target')"
for mode in create truncate append drop; do
	cat <<-CONF
	m_$mode: { source = "src"; target = "dst"; mode = "full_load"; tables = ( { include = "public.mode_$mode"; } );
		full_load: { target_tables = "$mode"; }; };
	CONF
done | conf_write
run_rc 1 "$REPLD" check -c "$CONF" m_create
expect_text 'mode_create' "$TMP/out"
for mode in truncate append drop; do
	run_rc 0 "$REPLD" check -c "$CONF" m_$mode
done
repld_start
for mode in truncate append drop; do
	wait_state m_$mode stopped
	[ -n "$(task_get m_$mode reason)" ] || fail "m_$mode is stopped without a reason"
done
wait_state m_create error
expect 'create refuses a table with rows and leaves it' '7|target' "$(sql dst 'SELECT * FROM mode_create')"
case $(task_get m_create error.remedy) in "" | null) fail "no remedy for a table that has rows" ;; esac
expect 'truncate' '1|source' "$(sql dst 'SELECT * FROM mode_truncate')"
expect 'append' '1|source
7|target' "$(sql dst 'SELECT * FROM mode_append ORDER BY id')"
expect 'drop' '1|source' "$(sql dst 'SELECT * FROM mode_drop')"
expect 'slots of done full_load tasks' '' "$(sql src "SELECT slot_name FROM pg_replication_slots WHERE slot_name LIKE 'repld_m_%'")"
repld_stop
