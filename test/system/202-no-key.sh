#!/bin/sh
# Tables without key: rows are known by what they hold, to the byte. Rows that are equal and not the same, several of one content, types
# without equality, changes that undo each other; a deferrable key, which finds the place but not the row.
# matrix: postgresql
# timeout: 180
TOP=$(cd "$(dirname "$0")/../.." && pwd)
. "$TOP/test/system/lib.sh"
skip_if_no_server

# One column of each kind whose equality is not identity, or that has none; and what is equal in it.
kinds='float8 0 -0|float8 NaN nan|float4 0 -0|numeric 1.0 1.00|json {"a":1} {"a": 1}|jsonb {"a":1.0} {"a":1.00}|xml <a/> <a></a>|interval 1day 24:00:00
interval 1mon 30days|char(4) a a|bpchar a a_|varchar(9) a a_|text a A|point (0,0) (-0,0)|box (1,1),(0,0) (1,1),(0,-0)|path ((0,0),(1,1)) [(0,0),(1,1)]
timetz 10:00+00 11:00+01|bit(3) 101 010|varbit 101 1010|bytea \x00 \x|inet 10.0.0.1/32 10.0.0.1/8|text[] {a,NULL} {a,"NULL"}|numeric[] {1.0} {1.00}
json[] {"{}","{}"} {"{ }","{}"}|tsvector a:1 a:2|int4range [1,3) [1,2)|money 1 1.01|point[] {"(0,1)"} {"(0,-1)"}|date 2020-01-01 infinity|mood sad ok|rec (1.0,a) (1.00,a)'
pg_start src
pg_start dst
pg_start dst2
types="CREATE TYPE mood AS ENUM ('sad', 'ok'); CREATE TYPE rec AS (n numeric, t text)"
sql src "$types"
sql dst "$types"
sql dst2 "$types"
n=0
echo "$kinds" | tr '|' '\n' | while read -r type one other; do
	n=$((n + 1))
	one=$(printf %s "$one" | tr _ ' ') other=$(printf %s "$other" | tr _ ' ')
	cat <<-SQL >>"$TMP/make.sql"
		CREATE TABLE k$n (v $type, w text); ALTER TABLE k$n REPLICA IDENTITY FULL;
		INSERT INTO k$n SELECT x::$type, y FROM unnest(ARRAY[\$\$$one\$\$, \$\$$other\$\$, NULL]) x, unnest(ARRAY['', NULL]) y, generate_series(1, 3);
	SQL
	# One of the equal rows goes, one changes, one comes; then there and back in one transaction.
	cat <<-SQL >>"$TMP/change.sql"
		DELETE FROM k$n WHERE ctid = (SELECT max(ctid) FROM k$n WHERE v::text = (\$\$$other\$\$::$type)::text AND w = '');
		UPDATE k$n SET w = 'u' WHERE ctid = (SELECT min(ctid) FROM k$n WHERE v::text = (\$\$$one\$\$::$type)::text AND w IS NULL);
		UPDATE k$n SET v = \$\$$other\$\$ WHERE ctid = (SELECT max(ctid) FROM k$n WHERE v::text = (\$\$$one\$\$::$type)::text AND w = '');
		DELETE FROM k$n WHERE ctid = (SELECT min(ctid) FROM k$n WHERE v IS NULL AND w IS NULL);
		BEGIN; INSERT INTO k$n VALUES (\$\$$other\$\$, 'n'), (\$\$$other\$\$, 'n'); UPDATE k$n SET v = \$\$$one\$\$ WHERE w = 'n';
		DELETE FROM k$n WHERE ctid = (SELECT min(ctid) FROM k$n WHERE w = 'n'); UPDATE k$n SET v = NULL WHERE w = 'u'; UPDATE k$n SET v = \$\$$one\$\$ WHERE w = 'u'; COMMIT;
	SQL
done
n=$(grep -c 'CREATE TABLE' "$TMP/make.sql")
sqlf src "$TMP/make.sql"
sql src "CREATE TABLE queue (id int, big text); ALTER TABLE queue REPLICA IDENTITY FULL; ALTER TABLE queue ALTER big SET STORAGE EXTERNAL;
	CREATE TABLE moved (id int PRIMARY KEY DEFERRABLE INITIALLY DEFERRED, v text); ALTER TABLE moved REPLICA IDENTITY FULL;
	INSERT INTO moved SELECT g, 'v' || g % 3 FROM generate_series(1, 20000) g;
	CREATE TABLE keyed (id int PRIMARY KEY, v float8, j json); ALTER TABLE keyed REPLICA IDENTITY FULL; INSERT INTO keyed SELECT g, '-0', '{}' FROM generate_series(1, 50) g"
conf_write <<'CONF'
	b: { source = "src"; target = "dst"; tables = ( { include = "public.*"; } ); };
	t: { source = "src"; target = "dst2"; tables = ( { include = "public.*"; } ); apply: { mode = "transactional"; }; };
CONF
run_rc 0 "$REPLD" check -c "$CONF"
expect_text 'each update and delete logs the whole old row, and without a key on the target each one searches the table' "$TMP/out"
repld_start
loaded b
loaded t
# All kinds at once, as the types print them.
view='CREATE VIEW kinds AS SELECT 0 AS k, NULL AS r WHERE false'
i=1
while [ $i -le "$n" ]; do
	view="$view UNION ALL SELECT $i, ROW(v, w)::text FROM k$i"
	i=$((i + 1))
done
for server in src dst dst2; do sql $server "$view"; done
compare_all() {
	for DST in dst dst2; do
		compare public.kinds public.queue public.moved public.keyed
	done
}

step "one of several equal rows, $n kinds of value"
sqlf src "$TMP/change.sql"
synced b 30
synced t 30
compare_all

step 'the same in few batches'
ctl pause b >/dev/null
ctl pause t >/dev/null
for round in 1 2 3; do sqlf src "$TMP/change.sql"; done
ctl resume b >/dev/null
ctl resume t >/dev/null
synced b 30
synced t 30
compare_all

step 'a queue: what came and went in a batch is not written at all'
ctl pause b >/dev/null
sql src "CREATE FUNCTION turn() RETURNS void LANGUAGE sql AS \$\$INSERT INTO queue SELECT g, repeat(g::text, 700) FROM generate_series(1, 100) g;
	UPDATE queue SET big = 'done' WHERE id % 2 = 0; UPDATE queue SET id = id + 1; DELETE FROM queue WHERE id > 3\$\$"
for round in 1 2 3; do sql src 'SELECT turn()' >/dev/null; done
sql dst 'SELECT pg_stat_reset()' >/dev/null
ctl resume b >/dev/null
synced b 30
synced t 30
compare_all
sleep 1
written=$(sql dst "SELECT n_tup_ins + n_tup_upd + n_tup_del FROM pg_stat_user_tables WHERE relname = 'queue'")
[ "$written" -le 12 ] || fail "$written rows written where 6 remain"

step 'a deferrable primary key: two rows have one key for a while, and it is still the way to the row'
sql dst 'SELECT pg_stat_reset()' >/dev/null
sql src "UPDATE moved SET id = id + 1 WHERE id <= 500; UPDATE moved SET id = 1 WHERE id = 501 AND v <> 'v2'"
sql src "UPDATE moved SET id = id + 1, v = v || 'x' WHERE id BETWEEN 19000 AND 19500 OR id = 19501 AND false; UPDATE moved SET id = 30000 WHERE ctid = (SELECT max(ctid) FROM moved WHERE id = 19501)"
synced b 30
synced t 30
compare_all
sleep 1
read=$(sql dst "SELECT seq_tup_read FROM pg_stat_user_tables WHERE relname = 'moved'")
[ "$read" -lt 500000 ] || fail "1000 updates read $read rows of a table of 20000: the key was not used"

step 'the whole old row beside a key: -0.0 and json do not confuse it'
sql src "UPDATE keyed SET v = 0; UPDATE keyed SET j = '{ }' WHERE id % 2 = 0; UPDATE keyed SET id = id + 100 WHERE id % 5 = 0; DELETE FROM keyed WHERE id % 7 = 0"
synced b 30
synced t 30
compare_all
repld_stop
