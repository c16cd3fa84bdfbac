#!/bin/sh
# Partitions that come with rows that were never in the log, or go and leave theirs on the target, make their table suspect; those that are made
# in place, or come empty, do not.
# timeout: 150
TOP=$(cd "$(dirname "$0")/../.." && pwd)
. "$TOP/test/system/lib.sh"
skip_if_no_server

pg_start src
pg_start dst
TABLES='made txn liked begun filled savept later deep gone back again behind'
for t in $TABLES; do
	sql src "CREATE TABLE $t (id int, r text, v int, PRIMARY KEY (id, r)) PARTITION BY LIST (r);
		CREATE TABLE ${t}_a PARTITION OF $t FOR VALUES IN ('a'); CREATE TABLE ${t}_b PARTITION OF $t FOR VALUES IN ('b');
		INSERT INTO $t VALUES (1, 'a', 1), (2, 'b', 2)"
done
conf_task t
repld_start
loaded t

table_is() { [ "$(table_get t "public.$1" state)" = "$2" ]; }
is_suspect() {			# TABLE PATTERN
	wait_for 15 table_is "$1" suspect || fail "$1 is $(table_get t "public.$1" state), not suspect"
	table_get t "public.$1" error >"$TMP/out"
	expect_text "$2" "$TMP/out"
	expect_text "repld ctl resync t public.$1" "$TMP/out"
}
still_streaming() {
	for t in "$@"; do
		expect "state of $t" streaming "$(table_get t "public.$t" state)"
	done
	compare $(printf 'public.%s ' "$@")
}

step 'partitions that are made in place, or come empty'
sql src "CREATE TABLE made_c PARTITION OF made FOR VALUES IN ('c'); INSERT INTO made VALUES (3, 'c', 3)"
sql src "BEGIN; CREATE TABLE txn_c PARTITION OF txn FOR VALUES IN ('c'); INSERT INTO txn VALUES (3, 'c', 3); COMMIT"
sql src 'CREATE TABLE liked_c (LIKE liked INCLUDING ALL)'
sql src "ALTER TABLE liked ATTACH PARTITION liked_c FOR VALUES IN ('c')"
sql src "INSERT INTO liked VALUES (3, 'c', 3)"
sql src "BEGIN; CREATE TABLE begun_c (LIKE begun INCLUDING ALL); ALTER TABLE begun ATTACH PARTITION begun_c FOR VALUES IN ('c');
	INSERT INTO begun VALUES (3, 'c', 3); COMMIT; INSERT INTO begun VALUES (4, 'c', 4)"
synced t
still_streaming made txn liked begun

step 'partitions that come with rows'
sql src "CREATE TABLE filled_c (LIKE filled INCLUDING ALL); INSERT INTO filled_c VALUES (3, 'c', 3);
	ALTER TABLE filled ATTACH PARTITION filled_c FOR VALUES IN ('c')"
sql src "BEGIN; CREATE TABLE savept_c (LIKE savept INCLUDING ALL); SAVEPOINT s; INSERT INTO savept_c VALUES (3, 'c', 3); RELEASE s;
	ALTER TABLE savept ATTACH PARTITION savept_c FOR VALUES IN ('c'); COMMIT"
sql src "BEGIN; CREATE TABLE later_c (LIKE later INCLUDING ALL); INSERT INTO later_c VALUES (3, 'c', 3);
	ALTER TABLE later ATTACH PARTITION later_c FOR VALUES IN ('c'); INSERT INTO later VALUES (4, 'c', 4); COMMIT"
sql src "CREATE TABLE deep_c (id int NOT NULL, r text NOT NULL, v int) PARTITION BY LIST (r); CREATE TABLE deep_c_3 PARTITION OF deep_c FOR VALUES IN ('c');
	INSERT INTO deep_c VALUES (3, 'c', 3); ALTER TABLE deep ATTACH PARTITION deep_c FOR VALUES IN ('c', 'd');
	CREATE TABLE deep_c_4 PARTITION OF deep_c FOR VALUES IN ('d'); INSERT INTO deep VALUES (4, 'd', 4)"
synced t
for t in filled savept later deep; do
	is_suspect $t "partition public.${t}_c.* came with rows"
done
expect 'rows of later on the target: what came after ATTACH' '1,2,4' "$(sql dst 'SELECT string_agg(id::text, $$,$$ ORDER BY id) FROM later')"

step 'partitions that go, and that come back'
sql src "DROP TABLE gone_b"
sql src "ALTER TABLE back DETACH PARTITION back_b; UPDATE back_b SET v = 99; ALTER TABLE back ATTACH PARTITION back_b FOR VALUES IN ('b')"
synced t
is_suspect gone 'partition public.gone_b was detached or dropped'
is_suspect back 'partition public.back_b was detached and attached again'

step 'a rewrite of the whole, by partitions'
sql src "VACUUM FULL again_a"
synced t
expect 'state of again' streaming "$(table_get t public.again state)"
sql src "ALTER TABLE again ALTER v TYPE int USING v + 1"
synced t
is_suspect again 'column v'

step 'while repld is down'
repld_stop
sql src "CREATE TABLE behind_c (LIKE behind INCLUDING ALL); INSERT INTO behind_c VALUES (3, 'c', 3);
	ALTER TABLE behind ATTACH PARTITION behind_c FOR VALUES IN ('c'); INSERT INTO behind VALUES (4, 'c', 4);
	CREATE TABLE made_d PARTITION OF made FOR VALUES IN ('d'); INSERT INTO made VALUES (4, 'd', 4)"
repld_start
synced t
is_suspect behind 'partition public.behind_c came with rows'
still_streaming made

step 'loading again ends it'
run_rc 0 ctl restart t --reload --yes
wait_state t running
loaded t
synced t
still_streaming $TABLES
repld_stop
