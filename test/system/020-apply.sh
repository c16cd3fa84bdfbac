#!/bin/sh
# Each kind of change that a stream can bring: key changes and swaps, unique values that move, TOAST, no key, TRUNCATE, savepoints,
# partitions. Twice: one by one while the stream runs, and all of it in a few batches after a pause; in batch and transactional mode.
# matrix: postgresql
# timeout: 300
TOP=$(cd "$(dirname "$0")/../.." && pwd)
. "$TOP/test/system/lib.sh"
skip_if_no_server

tables='pair toast chain spots multi by_index nokey tr_parent tr_child tr_alone parted gen ref_parent ref_child single'
changes() { psql_of src -v n="$1" -f "$TOP/test/system/apply.sql" >/dev/null; }
compare_all() {
	for DST in dst dst2; do
		say "   target $DST"
		for table in $tables; do compare "public.$table"; done
		compare 'public."Mixed ""Case"'
	done
}

pg_start src
pg_start dst
pg_start dst2
sqlf src "$TOP/test/system/apply_tables.sql" >/dev/null
plain_numbers nokey
conf_write <<'CONF'
	b: { source = "src"; target = "dst"; tables = ( { include = "public.*"; } ); apply: { mode = "batch"; }; };
	t: { source = "src"; target = "dst2"; tables = ( { include = "public.*"; } ); apply: { mode = "transactional"; }; };
CONF
repld_start
loaded b
loaded t

step 'while the stream runs'
changes 1
synced b
synced t
compare_all

step 'all in one go after a pause'
ctl pause b >/dev/null
ctl pause t >/dev/null
changes 2
changes 3
ctl resume b >/dev/null
ctl resume t >/dev/null
synced b
synced t
compare_all

step 'the same under max_rows 1 and max_rows 7, so that batches are cut at other places'
repld_stop
changes 4
sed -i 's/mode = "batch";/mode = "batch"; max_rows = 7;/; s/mode = "transactional";/mode = "batch"; max_rows = 1;/' "$CONF"
repld_start
synced b
synced t
compare_all

step 'foreign keys and triggers that the target has of its own do not act twice'
sql dst 'ALTER TABLE ref_child ADD FOREIGN KEY (parent) REFERENCES ref_parent ON DELETE CASCADE'
sql src 'INSERT INTO ref_parent VALUES (9000); INSERT INTO ref_child VALUES (9000, 9000), (9001, 9000)'
sql src 'DELETE FROM ref_parent WHERE id = 9000'
synced b
DST=dst
compare public.ref_parent public.ref_child
expect 'task b' running "$(task_get b state)"
repld_stop
