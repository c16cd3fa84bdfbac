#!/bin/sh
# kill -9 in the middle of a load by key ranges, again and again, under writes that move rows between ranges: the ranges that are there are
# not read again, and all is equal afterwards. What repld says of it, and what makes a table start again.
# timeout: 240
TOP=$(cd "$(dirname "$0")/../.." && pwd)
. "$TOP/test/system/lib.sh"
skip_if_no_server

pg_start src
pg_start dst
sql src "CREATE TABLE big (id int8 PRIMARY KEY, u int8 NOT NULL, v int, t text);
	CREATE UNIQUE INDEX big_u ON big (u);
	INSERT INTO big SELECT g * 2, g, 0, repeat('x', 400) FROM generate_series(1, 60000) g;
	CREATE TABLE ids (id uuid, n int, v int, t text, PRIMARY KEY (id, n));
	INSERT INTO ids SELECT md5(g::text)::uuid, g % 3, 0, repeat('y', 400) FROM generate_series(1, 50000) g;
	CREATE TABLE names (name text COLLATE \"C\" PRIMARY KEY, v int, t text, big text);
	ALTER TABLE names REPLICA IDENTITY FULL;
	ALTER TABLE names ALTER big SET STORAGE EXTERNAL;
	INSERT INTO names SELECT md5(g::text), 0, repeat('z', 400), CASE g % 100 WHEN 0 THEN repeat('B', 9000) END FROM generate_series(1, 50000) g;
	CREATE TABLE other (t text PRIMARY KEY, v int);
	INSERT INTO other SELECT md5(g::text), 0 FROM generate_series(1, 1000) g;
	CREATE TABLE nokey (a int);
	ALTER TABLE nokey REPLICA IDENTITY FULL;
	INSERT INTO nokey VALUES (1);
	ANALYZE"
# each client has keys of its own, by the remainder: two of them never meet
cat >"$TMP/move.sql" <<'SQL'
\set a random(1, 40000)
\set b random(1, 40000)
\set k random(1, 50000)
BEGIN;
UPDATE big SET id = (:b * 3 + :client_id) * 2 + 1, v = v + 1 WHERE id = (SELECT id FROM big WHERE id >= :a * 3 AND id % 3 = (:client_id * 2 + 1) % 3 LIMIT 1)
	AND NOT EXISTS (SELECT FROM big WHERE id = (:b * 3 + :client_id) * 2 + 1);
UPDATE big SET v = v + 1 WHERE id = :a * 2;
DELETE FROM big WHERE id = (:a * 3 + :client_id) * 2 + 1 AND :k % 4 = 0;
END;
UPDATE ids SET id = gen_random_uuid(), v = v + 1 WHERE id = md5(:k::text)::uuid AND :k % 3 = :client_id;
INSERT INTO ids VALUES (gen_random_uuid(), 7, :k, 'new');
DELETE FROM ids WHERE id = md5((:k + 1)::text)::uuid AND :k % 5 = 0;
UPDATE names SET name = md5(name || :a), v = v + 1 WHERE name = md5(:k::text) AND :k % 3 = :client_id;
DELETE FROM names WHERE name = md5((:k + 7)::text) AND :k % 5 = 0;
SQL

conf_task t 'full_load: { chunks = "key"; max_rate = "7MB"; };'
step 'check says how each table is loaded'
run_rc 0 "$REPLD" check -c "$CONF" t
expect_text 'loaded by key \(resumes\)' "$TMP/out"
expect_text 'loaded by ctid \(fast, restarts\): it has no primary key' "$TMP/out"
expect_text 'loaded by ctid \(fast, restarts\): the first column of its key is text whose collation is not C' "$TMP/out"
"$REPLD" check -c "$CONF" t --json | json_flat >"$TMP/flat" || fail 'check --json is not JSON'
expect 'ways in the JSON' 3 "$(grep -c 'load	by key (resumes)$' "$TMP/flat")"

exec_bench src "$TMP/move.sql" -T 40 -c 3 -j 2 -R 150 >"$TMP/bench.log" 2>&1 &
BENCH_PID=$!
JOBS_PIDS="$JOBS_PIDS $BENCH_PID"

ledger() {
	sql dst "SELECT source_name || ' ' || chunk || ' ' || row_count || ' ' || loaded || ' ' || snapshot FROM repld.load_chunk
		WHERE source_name IN ('big', 'ids', 'names') ORDER BY 1"
}
chunks_are() { [ "$(sql dst "SELECT count(*) FROM repld.load_chunk" 2>/dev/null || echo 0)" -ge "$1" ]; }
step 'kills in the load'
repld_start
for n in 5 9 13 16; do
	wait_for 60 chunks_are $n || fail "the load does not come to $n chunks"
	repld_kill
	ledger >"$TMP/ledger.$n"
	say "   killed at $(wc -l <"$TMP/ledger.$n") ranges"
	[ "$n" != 9 ] || sql src "UPDATE big SET id = id + 1000001 WHERE id % 2 = 0 AND id % 1000 = 0"
	repld_start
done
sed -i 's/max_rate = "7MB"/max_rate = ""/' "$CONF"
ctl reload >/dev/null
loaded t 90
wait "$BENCH_PID" || { cat "$TMP/bench.log" >&2; fail 'the workload failed'; }
synced t 60
step 'ranges that were there were not read again'
ledger >"$TMP/ledger.end"
for n in 5 9 13 16; do
	expect "ranges of kill $n that changed" '' "$(grep -vxFf "$TMP/ledger.end" "$TMP/ledger.$n" || :)"
done
grep -Eo 'load of [a-z.]* resumes: .*' "$TMP/repld.log"
expect_text 'load of public.big resumes: [1-9][0-9]* of [1-9][0-9]* ranges are there with [0-9,]+ rows, about [0-9,]+ rows are read again' "$TMP/repld.log"
expect_no_text 'load of .* starts again' "$TMP/repld.log"
[ "$(sql dst "SELECT count(DISTINCT snapshot) FROM repld.load_chunk WHERE source_name = 'big'")" -gt 1 ] || fail 'the ranges of big are of one snapshot'
compare public.big public.ids public.names public.other public.nokey
step 'its indexes were made when the ranges had met'
expect 'indexes of big' 'big_pkey big_u' "$(sql dst "SELECT string_agg(indexname, ' ' ORDER BY 1) FROM pg_indexes WHERE tablename = 'big'")"
expect 'ranges kept' 0 "$(sql dst "SELECT count(*) FROM repld.table_state WHERE ranges IS NOT NULL")"
table_get t public.big load >"$TMP/out"
expect_text 'by key \(resumes\)' "$TMP/out"
repld_stop

step 'a table rewritten while the daemon was away starts again, and so does one whose row moved without its large value'
sql src "TRUNCATE other; ALTER TABLE names REPLICA IDENTITY DEFAULT"
"$REPLD" cleanup -c "$CONF" t --yes >/dev/null
sql dst 'DROP TABLE big, ids, names, other, nokey'
sed -i 's/max_rate = ""/max_rate = "7MB"/; s/full_load: {/full_load: { parallel_tables = 1; parallel_chunks = 1;/' "$CONF"
: >"$TMP/repld.log"
repld_start
begun() { [ "$(sql dst "SELECT count(*) FROM repld.load_chunk WHERE source_name = '$1'" 2>/dev/null || echo 0)" -ge 2 ]; }
wait_for 60 begun names || fail 'the load of names does not begin'
repld_kill
say "   $(sql dst "SELECT count(*) FROM repld.load_chunk WHERE source_name = 'names'") ranges of names are there"
sql src "UPDATE names SET name = '0' || name WHERE name = (SELECT max(name) FROM names WHERE big IS NOT NULL)"
repld_start
wait_for 60 begun big || fail 'the load of big does not begin'
repld_kill
say "   $(sql dst "SELECT count(*) FROM repld.load_chunk WHERE source_name = 'big'") ranges of big are there"
sql src "ALTER TABLE big ALTER t TYPE varchar(1000)"
repld_start
sed -i 's/max_rate = "7MB"/max_rate = ""/' "$CONF"
ctl reload >/dev/null
wait_for 60 grep -q 'load of public.big starts again: the table was rewritten' "$TMP/repld.log" || fail 'the load of big does not start again'
wait_for 60 grep -q 'load of public.names starts again: a row moved' "$TMP/repld.log" || fail 'the load of names does not start again'
grep -o 'load of public.* starts again.*' "$TMP/repld.log"
loaded t 60
synced t 60
compare public.big public.ids public.names public.other public.nokey
repld_stop
