#!/bin/sh
# Unique values and keys that move between rows: where the target checks what the source does not, where keys are equal and not the same
# bytes, where two rows share a part of a key for a while. In batch mode, in parts of 7 rows, and in transactional mode.
# matrix: postgresql
# timeout: 180
TOP=$(cd "$(dirname "$0")/../.." && pwd)
. "$TOP/test/system/lib.sh"
skip_if_no_server

tables='pair spots ring shift numbers floats names letters cases rooms'
changes() {			# N: by -f, each statement is a transaction of its own
	cat >"$TMP/changes.sql" <<-SQL
	-- the key is longer than the target's: a row comes before the one that has its place goes
	BEGIN; INSERT INTO pair VALUES (1, $1 + 1, 'new'); DELETE FROM pair WHERE a = 1 AND b = $1; COMMIT;
	-- all values move up; in the order of the rows each meets the next one, which a deferrable constraint allows
	UPDATE spots SET pos = pos + 1;
	-- a ring of 40 values that nothing on the source keeps apart, each row in a transaction of its own; then in one
	UPDATE ring SET u = -1 WHERE id = 1;
	DO \$\$BEGIN FOR i IN 2 .. 40 LOOP UPDATE ring SET u = u - 1, n = n + 1 WHERE id = i; COMMIT; END LOOP; END\$\$;
	UPDATE ring SET u = 40 WHERE u = -1;
	UPDATE ring SET u = u % 40 + 1;
	-- keys of a deferrable primary key move up: for a while two rows have one key
	UPDATE shift SET id = id + 1;
	BEGIN; UPDATE shift SET id = id - 1; INSERT INTO shift VALUES ($1 + 1000, 'x'); UPDATE shift SET v = v || 'y' WHERE id % 3 = 0; COMMIT;
	BEGIN; SET CONSTRAINTS ALL DEFERRED; INSERT INTO shift SELECT id, v || 'z$1' FROM shift WHERE id = 5; DELETE FROM shift WHERE id = 5 AND v NOT LIKE '%z$1'; COMMIT;
	-- equal keys of other bytes
	BEGIN; UPDATE numbers SET k = 1.00 WHERE k = 1; UPDATE numbers SET v = v + 1 WHERE k = 1; DELETE FROM numbers WHERE k = 2; INSERT INTO numbers VALUES (2.000, $1, repeat('n', 3000)); COMMIT;
	UPDATE numbers SET k = 1.0, v = $1 WHERE k = 1; UPDATE numbers SET v = v + 1; UPDATE numbers SET k = k * 1.0;
	UPDATE floats SET k = '-0' WHERE k = 0; UPDATE floats SET v = v + 1 WHERE k = 0; UPDATE floats SET k = '0', v = $1 WHERE k = 0;
	UPDATE floats SET v = v + 1 WHERE k = 'NaN'; BEGIN; DELETE FROM floats WHERE k = 'NaN'; INSERT INTO floats VALUES ('NaN', $1); COMMIT;
	UPDATE names SET k = upper(k::text)::citext WHERE k = 'ann'; UPDATE names SET v = v + 1; UPDATE names SET k = lower(k::text)::citext;
	BEGIN; DELETE FROM names WHERE k = 'BOB'; INSERT INTO names VALUES ('Bob', $1); COMMIT;
	UPDATE cases SET k = upper(k) WHERE k = 'ann'; UPDATE cases SET v = v + 1; UPDATE cases SET k = 'bob' WHERE k = 'BOB';
	UPDATE letters SET k = k || ' ', u = u || ' ' WHERE k = 'a'; UPDATE letters SET v = v + 1; UPDATE letters SET u = btrim(u) || ' ' WHERE k = 'b';
	-- two bookings change places
	BEGIN; UPDATE rooms SET during = '[900,901)' WHERE id = 1; UPDATE rooms SET during = '[1,2)' WHERE id = 2; UPDATE rooms SET during = '[2,3)' WHERE id = 1; COMMIT;
	BEGIN; UPDATE rooms SET during = '[900,901)' WHERE id = 1; UPDATE rooms SET during = '[2,3)' WHERE id = 2; UPDATE rooms SET during = '[1,2)' WHERE id = 1; COMMIT;
	SQL
	sqlf src "$TMP/changes.sql"
}
compare_all() {
	for DST in dst dst2 dst3; do
		say "   target $DST"
		for table in $tables; do compare "public.$table"; done
	done
}

pg_start src
for server in dst dst2 dst3; do pg_start $server; done
kinds="CREATE COLLATION nocase (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
	CREATE TABLE numbers (k numeric PRIMARY KEY, v int, big text); ALTER TABLE numbers ALTER big SET STORAGE EXTERNAL;
	CREATE TABLE floats (k float8 PRIMARY KEY, v int);
	CREATE TABLE cases (k text COLLATE nocase PRIMARY KEY, v int);
	CREATE TABLE letters (k char(3) PRIMARY KEY, u bpchar NOT NULL UNIQUE, v int);
	CREATE TABLE rooms (id int PRIMARY KEY, during int4range, EXCLUDE USING gist (during WITH &&));"
citext=''
[ ! -f "$("$PGBIN/pg_config" --sharedir 2>/dev/null)/extension/citext.control" ] || citext=citext
if [ -n "$citext" ]; then
	sql src 'CREATE SCHEMA ext; CREATE EXTENSION citext SCHEMA ext; CREATE TABLE names (k ext.citext PRIMARY KEY, v int)'
	for server in dst dst2 dst3; do sql $server 'CREATE SCHEMA elsewhere; CREATE EXTENSION citext SCHEMA elsewhere; CREATE TABLE names (k elsewhere.citext PRIMARY KEY, v int)'; done
else
	say 'no citext here: text in its place'
	sql src 'CREATE DOMAIN citext AS text; CREATE TABLE names (k citext PRIMARY KEY, v int)'
	for server in dst dst2 dst3; do sql $server 'CREATE TABLE names (k text PRIMARY KEY, v int)'; done
fi
[ -z "$citext" ] || SESSION="$SESSION -c search_path=public,ext,elsewhere"
sql src "$kinds
	CREATE TABLE pair (a int, b int, v text, PRIMARY KEY (a, b));
	CREATE TABLE spots (id int PRIMARY KEY, pos int UNIQUE DEFERRABLE);
	CREATE TABLE ring (id int PRIMARY KEY, u int, n int DEFAULT 0);
	CREATE TABLE shift (id int PRIMARY KEY DEFERRABLE, v text); ALTER TABLE shift REPLICA IDENTITY FULL;
	INSERT INTO pair VALUES (1, 1, 'old'); INSERT INTO spots SELECT g, g FROM generate_series(1, 60) g;
	INSERT INTO ring SELECT g, g FROM generate_series(1, 40) g; INSERT INTO shift SELECT g, 'v' || g FROM generate_series(1, 30) g;
	INSERT INTO numbers SELECT g, 0, repeat('b', 3000) FROM generate_series(1, 9) g; INSERT INTO floats VALUES ('0', 0), ('NaN', 0), ('Infinity', 0);
	INSERT INTO names VALUES ('Ann', 0), ('Bob', 0); INSERT INTO cases VALUES ('Ann', 0), ('Bob', 0);
	INSERT INTO letters VALUES ('a', 'u', 0), ('b', 'v', 0); INSERT INTO rooms VALUES (1, '[1,2)'), (2, '[2,3)')"
for server in dst dst2 dst3; do
	sql $server "$kinds
	CREATE TABLE pair (a int PRIMARY KEY, b int, v text);
	CREATE TABLE spots (id int PRIMARY KEY, pos int UNIQUE);
	CREATE TABLE ring (id int PRIMARY KEY, u int, n int); CREATE UNIQUE INDEX ring_u ON ring ((u * 2)) WHERE u > 0;
	CREATE TABLE shift (id int PRIMARY KEY, v text)"
done
conf_write <<'CONF'
	b: { source = "src"; target = "dst"; tables = ( { include = "public.*"; } ); };
	t: { source = "src"; target = "dst2"; tables = ( { include = "public.*"; } ); apply: { mode = "transactional"; }; };
	d: { source = "src"; target = "dst3"; tables = ( { include = "public.*"; } ); };
CONF
step 'the check names what the two sides keep unique in other ways'
run_rc 0 "$REPLD" check -c "$CONF"
expect_text '"spots_pos_key" is checked at once on the target, and deferrable on the source' "$TMP/out"
expect_text "nothing like the target's unique index \"pair_pkey\"" "$TMP/out"
sql dst3 'DROP TABLE spots, shift; CREATE TABLE spots (id int PRIMARY KEY, pos int UNIQUE DEFERRABLE); CREATE TABLE shift (id int PRIMARY KEY DEFERRABLE, v text)'
run_rc 0 "$REPLD" check -c "$CONF"
expect_text 'the deferrable constraint "spots_pos_key" is not checked' "$TMP/out"
sed -i 's/target = "dst3"; \(.*\) };$/target = "dst3"; \1 apply: { max_rows = 7; }; };/' "$CONF"
repld_start
for task in b t d; do loaded $task; done

step 'while the stream runs'
changes 1
for task in b t d; do synced $task 20; done
compare_all

step 'after a pause, in few batches'
for task in b t d; do ctl pause $task >/dev/null; done
for n in 2 3 4; do changes $n; done
for task in b t d; do ctl resume $task >/dev/null; done
for task in b t d; do synced $task 20; done
compare_all
expect_text 'with care for unique values' "$TMP/repld.log"
repld_stop
