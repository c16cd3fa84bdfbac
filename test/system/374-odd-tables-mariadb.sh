#!/bin/sh
# Columns of MariaDB that no catalog names and the log holds: those of unique indexes on long texts, with and without names in the log. Tables whose engine
# has no snapshots, loaded while they are written. A table that keeps its own history is refused before its log is met.
# matrix: mariadb
# timeout: 300
TOP=$(cd "$(dirname "$0")/../.." && pwd)
SRC_KIND=mariadb DST_KIND=postgresql
. "$TOP/test/system/lib.sh"
needs
db_start src
db_start dst
sql src "CREATE TABLE u (id int PRIMARY KEY, t text, n bigint, UNIQUE (t)); INSERT INTO u VALUES (1, 'x', 1), (2, NULL, 2), (3, 'z', NULL);
	CREATE TABLE two (a text, b blob, c int, UNIQUE (a), UNIQUE (b), UNIQUE (c)); INSERT INTO two VALUES ('a', 'b', 1), (NULL, NULL, NULL)"
conf_write <<CONF
	t: { source = "src"; target = "dst"; tables = ( { include = "app.*"; } ); };
CONF
repld_start
loaded t
all() {
	synced t
	compare public.u public.two
	expect_no_text '(^| )error task=' "$TMP/repld.log"
}
changes() {			# NUMBER
	sql src "INSERT INTO u (id, t, n) VALUES ($1, 'y$1', $1), ($1 + 1, NULL, $1); UPDATE u SET t = 'new$1' WHERE id = $1; UPDATE u SET n = n + 1; DELETE FROM u WHERE id = $1 + 1;
		INSERT INTO two VALUES ('a$1', 'b$1', $1), (NULL, 'c$1', NULL); UPDATE two SET b = 'd$1' WHERE a = 'a$1'; DELETE FROM two WHERE b = 'c$1'"
}
for metadata in FULL MINIMAL NO_LOG; do
	step "the log's metadata: $metadata"
	sql src "SET GLOBAL binlog_row_metadata = $metadata"
	case $metadata in FULL) changes 10 ;; MINIMAL) changes 20 ;; *) changes 30 ;; esac
	all
done

step 'the same, met by a task that was down while a column came behind the others'
repld_stop
changes 40
sql src 'ALTER TABLE u ADD late bigint'
changes 50
sql dst 'ALTER TABLE u ADD late bigint'
repld_start
wait_for 60 phase_is t cdc || fail "the task is $(task_get t state)"
sql src 'UPDATE u SET late = id + 5'
all

step 'tables without snapshots are loaded while they are written'
repld_stop
sql src "CREATE DATABASE app_flat; USE app_flat; CREATE TABLE keyed (id int AUTO_INCREMENT PRIMARY KEY, a varchar(300), n int) ENGINE = MyISAM;
	CREATE TABLE loose (id int, a varchar(300), n int) ENGINE = Aria; INSERT INTO keyed (a, n) VALUES (REPEAT('x', 300), 0)"
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do sql src 'INSERT INTO app_flat.keyed (a, n) SELECT a, n FROM app_flat.keyed'; done
sql src 'INSERT INTO app_flat.loose SELECT * FROM app_flat.keyed'
sql dst 'CREATE SCHEMA flat'
conf_write <<CONF
	t: { source = "src"; target = "dst"; tables = ( { include = "app.*"; } ); };
	f: { source = "src"; target = "dst"; tables = ( { include = "app_flat.*"; target_schema = "flat"; } ); full_load: { max_rate = "8MB"; }; };
CONF
"$REPLD" check -c "$CONF" f >"$TMP/check" 2>&1 || { cat "$TMP/check" >&2; fail 'check finds blockers'; }
expect_text 'risk +app_flat.loose: its engine \(Aria\) has no snapshots' "$TMP/check"
writes() {
	n=0
	while [ -e "$TMP/write" ]; do
		n=$((n + 1))
		echo "INSERT INTO app_flat.keyed (a, n) VALUES ('new', $n); INSERT INTO app_flat.loose VALUES (-$n, 'new', $n); UPDATE app_flat.keyed SET n = $n WHERE id = $n;"
		sleep 0.005
	done | mariadb_of src -N
}
: >"$TMP/write"
background writes
repld_start
loaded f
sleep 1
rm "$TMP/write"
wait_for 60 gone $BG || fail 'the writes do not end'
synced f
expect 'rows of the keyed table' "$(sql src 'SELECT COUNT(*), SUM(n) FROM app_flat.keyed')" "$(sql dst 'SELECT COUNT(*), SUM(n) FROM flat.keyed')"
expect 'rows of the other' "$(sql src 'SELECT COUNT(*), SUM(n) FROM app_flat.loose')" "$(sql dst 'SELECT COUNT(*), SUM(n) FROM flat.loose')"
[ "$(table_get f app_flat.loose inserts)" -gt 0 ] || fail 'nothing was written during the load'
all

step 'a table that keeps its own history'
sql src 'ALTER TABLE two ADD SYSTEM VERSIONING; INSERT INTO two VALUES (1, 1, 100)'
wait_state t error
ctl status t >"$TMP/out" || :
expect_text 'app.two: it keeps its own history' "$TMP/out"
"$REPLD" check -c "$CONF" >"$TMP/check" 2>&1 && fail 'check finds no blocker'
expect_text 'blocker app.two: it keeps its own history' "$TMP/check"
