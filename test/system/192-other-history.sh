#!/bin/sh
# Behind the source's address another server, or the same one from an older backup, while the task runs.
# timeout: 150
TOP=$(cd "$(dirname "$0")/../.." && pwd)
. "$TOP/test/system/lib.sh"
skip_if_no_server

n=0
write_row() { n=$((n + 1)); sql src "INSERT INTO a VALUES ($n)"; }
rows() { sql dst 'SELECT max(id) FROM a'; }
stops() {			# WHAT-THE-MESSAGE-NAMES KIND
	wait_state t error 10
	ctl status t >"$TMP/out" || :
	expect_text "$1" "$TMP/out"
	expect 'kind' "$2" "$(task_get t error.kind)"
	case $(task_get t error.remedy) in '' | null) fail 'no remedy is named' ;; esac
	case $2/$(task_get t error.position) in hole/ | hole/null) fail 'no position is named' ;; esac
	holds 1 task_is t error || fail 'the error does not last'
	expect 'rows on the target' "$applied" "$(rows)"
	say "   $(task_get t error.message)"
}
takes_place() {			# FOLDER: its files become those of src
	mv "$TMP/src/data" "$TMP/src/aside"
	mv "$1" "$TMP/src/data"
	echo "unix_socket_directories = '$TMP/src'" >>"$TMP/src/data/test.conf"
	pg_start src
}
comes_back() {
	pg_stop src
	rm -rf "$TMP/src/data"
	mv "$TMP/src/aside" "$TMP/src/data"
	pg_start src
}

pg_start src
pg_start dst
pg_start other
sql src 'CREATE TABLE a (id int PRIMARY KEY)'
psql_of other -c 'CREATE TABLE a (id int PRIMARY KEY); CREATE PUBLICATION repld_t FOR TABLE a' \
	-c "SELECT pg_create_logical_replication_slot('repld_t', 'pgoutput')" -c 'INSERT INTO a VALUES (777)' >/dev/null
pg_stop other
pg_stop src
cp -a "$TMP/src/data" "$TMP/early"
pg_start src
conf_task t
repld_start
loaded t
write_row
synced t
pg_stop src
cp -a "$TMP/src/data" "$TMP/backup"
pg_start src
write_row
synced t
applied=$(rows)

step 'another server answers at the address of a running task'
pg_stop src
takes_place "$TMP/other/data"
stops 'another source.*system identifier' hole
expect 'rows of the other server' '' "$(sql dst 'SELECT id FROM a WHERE id = 777')"

step 'the former one is back: it goes on'
comes_back
ctl restart t >/dev/null
write_row
synced t
compare public.a
applied=$(rows)

step 'the source is restored from a backup that has the slot'
pg_stop src
takes_place "$TMP/backup"
expect 'slots there' 1 "$(sql src 'SELECT count(*) FROM pg_replication_slots')"
stops 'log ends at [0-9A-F/]+, before the checkpoint [0-9A-F/]+' hole

step 'and from one that is older than the slot'
pg_stop src
rm -rf "$TMP/src/data"
mv "$TMP/early" "$TMP/src/data"
echo "unix_socket_directories = '$TMP/src'" >>"$TMP/src/data/test.conf"
pg_start src
ctl restart t >/dev/null
stops 'log ends at [0-9A-F/]+, before the checkpoint [0-9A-F/]+' hole
repld_stop
