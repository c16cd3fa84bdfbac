#!/bin/sh
# Captured tables are dropped, renamed, moved to another schema, made again under their name; their replica identity changes. What that means for
# the copy is said; nothing goes on in silence.
# matrix: postgresql
# timeout: 120
TOP=$(cd "$(dirname "$0")/../.." && pwd)
. "$TOP/test/system/lib.sh"
skip_if_no_server

pg_start src
pg_start dst
for t in renamed moved again dropped ident keep; do
	sql src "CREATE TABLE $t (id int PRIMARY KEY, code text NOT NULL UNIQUE, v text); INSERT INTO $t SELECT i, 'c' || i, 'v' FROM generate_series(1, 5) i"
done
sql src 'CREATE SCHEMA other'
conf_task t
repld_start
loaded t

table_is() { [ "$(table_get t "public.$1" state)" = "$2" ]; }
table_says() { table_get t "public.$1" error >"$TMP/said" && grep -Eq "$2" "$TMP/said"; }

step 'replica identity FULL, another index, NOTHING'
sql src "ALTER TABLE ident REPLICA IDENTITY FULL; UPDATE ident SET v = 'full', id = 11 WHERE id = 1; DELETE FROM ident WHERE id = 2"
synced t
compare public.ident
sql src "ALTER TABLE ident REPLICA IDENTITY USING INDEX ident_code_key; UPDATE ident SET id = 13 WHERE id = 3; UPDATE ident SET code = 'd4', v = 'x' WHERE id = 4;
	UPDATE ident SET id = 15, code = 'd5' WHERE id = 5; DELETE FROM ident WHERE id = 11; INSERT INTO ident VALUES (20, 'n', 'new')"
synced t
compare public.ident
sql src "ALTER TABLE ident REPLICA IDENTITY NOTHING"
! sql src "UPDATE ident SET v = 'never'" >"$TMP/out" 2>&1 || fail 'the source takes an update without replica identity'
sql src "INSERT INTO ident VALUES (21, 'o', 'new')"
synced t
compare public.ident
expect_text 'ident has no replica identity any more' "$TMP/repld.log"
sql src "ALTER TABLE ident REPLICA IDENTITY DEFAULT; UPDATE ident SET v = 'again' WHERE id = 13"
synced t
compare public.ident
expect 'state of ident' streaming "$(table_get t public.ident state)"

step 'renamed and moved while it streams: they are followed, and named'
sql src "ALTER TABLE renamed RENAME TO renamed2; ALTER TABLE moved SET SCHEMA other"
sql src "INSERT INTO renamed2 VALUES (6, 'c6', 'v'); INSERT INTO other.moved VALUES (6, 'c6', 'v')"
synced t
wait_for 10 table_says renamed 'named public.renamed2 on the source now' || fail 'nothing is said of the new name'
wait_for 10 table_says moved 'named other.moved' || fail 'nothing is said of the other schema'
compare 'public.renamed2 = public.renamed' 'other.moved = public.moved'
sql src "ALTER TABLE other.moved SET SCHEMA public"
synced t
wait_for 10 table_says moved '^null$' || fail "still said: $(cat "$TMP/said")"
expect 'state of moved' streaming "$(table_get t public.moved state)"

step 'from the next start on the rules decide by the new name'
sql dst 'DROP TABLE renamed'
repld_stop
repld_start
wait_state t running
loaded t
synced t
compare public.renamed2 public.moved
expect_text 'table public.renamed is no longer written to public.renamed' "$TMP/repld.log"

step 'dropped while it streams'
sql src 'DROP TABLE dropped'
synced t
wait_for 15 table_is dropped suspect || fail "dropped is $(table_get t public.dropped state)"
table_says dropped 'dropped on the source: its rows are still on the target' || fail "said: $(cat "$TMP/said")"
sql src "INSERT INTO keep VALUES (6, 'c6', 'v')"
synced t
compare public.keep

replaced() {
	wait_state t error 30
	expect kind hole "$(task_get t error.kind)"
	ctl status t >"$TMP/out" || :
	expect_text 'public.again' "$TMP/out"
	expect_text 'dropped or renamed' "$TMP/out"
	expect_text 'fix: .*repld ctl resync t public.again' "$TMP/out"
	expect 'rows of the former one' 5 "$(sql dst 'SELECT count(*) FROM again')"
}
reload() {
	run_rc 0 ctl restart t --reload --yes
	wait_state t running
	loaded t
	synced t
	compare public.again public.keep public.ident
	expect 'state of again' streaming "$(table_get t public.again state)"
}

resync() {
	run_rc 0 ctl resync t public.again --yes
	wait_state t running
	synced t
	wait_for 20 table_is again streaming || fail "again is $(table_get t public.again state)"
	compare public.again public.keep public.ident
}

step 'dropped and made again while repld is down'
repld_stop
sql src "DROP TABLE again; CREATE TABLE again (id int PRIMARY KEY, code text NOT NULL UNIQUE, v text); INSERT INTO again VALUES (1, 'new', 'new')"
repld_start
replaced
run_rc 0 ctl restart t
replaced
resync

step 'exchanged while it streams'
sql src "INSERT INTO again SELECT i, 'c' || i, 'v' FROM generate_series(2, 5) i"
synced t
sql src "BEGIN; ALTER TABLE again RENAME TO again_old; CREATE TABLE again (id int PRIMARY KEY, code text NOT NULL UNIQUE, v text);
	INSERT INTO again VALUES (1, 'other', 'other'); COMMIT"
ctl sync t --timeout 20 >/dev/null 2>&1 || :
wait_for 15 table_says again 'named public.again_old' || fail "said: $(cat "$TMP/said")"
run_rc 0 ctl restart t
replaced
sql src 'DROP TABLE again_old'
reload
repld_stop

step 'made again under a publication of all tables, while it streams'
sql src "DROP PUBLICATION repld_t; CREATE PUBLICATION repld_t FOR ALL TABLES"
repld_start
reload
sql src "INSERT INTO again SELECT i, 'c' || i, 'v' FROM generate_series(2, 5) i"
synced t
sql src "DROP TABLE again; CREATE TABLE again (id int PRIMARY KEY, code text NOT NULL UNIQUE, v text)"
sql src "INSERT INTO again VALUES (1, 'third', 'third')"
replaced
resync
repld_stop
