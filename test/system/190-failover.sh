#!/bin/sh
# A standby is promoted and takes the source's place. With the slot and all the log the task goes on by itself, on the new timeline. Without the slot
# there is a hole; where the standby lagged behind what the target has there is one too, slot or not; nothing is applied then.
# timeout: 150
TOP=$(cd "$(dirname "$0")/../.." && pwd)
. "$TOP/test/system/lib.sh"
skip_if_no_server

n=0
write_row() { n=$((n + 1)); sql src "INSERT INTO a VALUES ($n)"; }

standby() {			# a standby of src in $TMP/new; "new" may not be in SERVERS twice
	rm -rf "$TMP/new"
	mkdir "$TMP/new"
	[ -z "$as_postgres" ] || chown postgres "$TMP/new"
	(cd "$TMP" && $as_postgres "$PGBIN/pg_basebackup" -h "$TMP/src" -p $PORT -U postgres -D "$TMP/new/data" -R -c fast -X stream) ||
		fail 'pg_basebackup failed'
	echo "unix_socket_directories = '$TMP/new'" >>"$TMP/new/data/test.conf"
	case " $SERVERS " in *' new '*) ;; *) SERVERS="$SERVERS new" ;; esac
	pg_start new
}
has_all() { [ "$(sql new "SELECT pg_last_wal_replay_lsn() >= '$1'")" = t ]; }
caught_up() { wait_for 10 has_all "$(sql src 'SELECT pg_current_wal_flush_lsn()')" || fail 'the standby does not catch up'; }
promoted() { [ "$(sql new 'SELECT pg_is_in_recovery()')" = f ]; }
# The address of the source leads to the promoted standby: its files move there.
takes_over() {
	pg_stop new
	mv "$TMP/src/data" "$TMP/src/old.$n"
	mv "$TMP/new/data" "$TMP/src/data"
	echo "unix_socket_directories = '$TMP/src'" >>"$TMP/src/data/test.conf"
	pg_start src
}
promote() { (cd "$TMP" && $as_postgres "$PGBIN/pg_ctl" -D "$TMP/new/data" -w promote >/dev/null) && wait_for 10 promoted; }
fresh() {
	conf_task t
	repld_start
	loaded t
	write_row
	synced t
	applied=$(sql dst 'SELECT max(id) FROM a')
}
stops() {			# WHAT-THE-MESSAGE-NAMES
	wait_state t error 10
	ctl status t >"$TMP/out" || :
	expect_text "$1" "$TMP/out"
	expect 'kind' hole "$(task_get t error.kind)"
	case $(task_get t error.remedy) in '' | null) fail 'no remedy is named' ;; esac
	case $(task_get t error.position) in '' | null) fail 'no position is named' ;; esac
	holds 1 task_is t error || fail 'the error does not last'
	expect 'rows on the target' "$applied" "$(sql dst 'SELECT max(id) FROM a')"
	say "   $(task_get t error.message)"
	say "   fix: $(task_get t error.remedy)"
}

pg_start src
pg_start dst
sql src 'CREATE TABLE a (id int PRIMARY KEY)'

step 'a standby with the slot (its file is copied, as clusters do) is promoted: the running task follows'
standby
fresh
pg_stop src
pg_stop new
cp -a "$TMP/src/data/pg_replslot/repld_t" "$TMP/new/data/pg_replslot/"
pg_start new
promote
takes_over
write_row
follows() { [ "$(sql dst 'SELECT timeline FROM repld.checkpoint')" = 2 ]; }
wait_for 20 follows || { ctl status t >&2 || :; fail 'the task does not follow'; }
synced t
compare public.a
expect_text 'timeline 2, which continues timeline 1' "$TMP/repld.log"

step 'a standby without the slot is promoted'
standby
applied=$(sql dst 'SELECT max(id) FROM a')
caught_up
pg_stop src immediate
promote
takes_over
write_row
stops 'slot repld_t is gone'

step 'loading again makes a new slot there'
ctl restart t --reload --yes >"$TMP/out" 2>&1 || { cat "$TMP/out" >&2; fail 'restart --reload is refused'; }
loaded t
synced t
compare public.a

step 'a standby that lagged is promoted'
standby
caught_up
pg_stop new immediate
write_row
write_row
synced t
applied=$(sql dst 'SELECT max(id) FROM a')
pg_stop src immediate
sed -i '/^primary_conninfo/d' "$TMP/new/data/postgresql.auto.conf"
pg_start new
promote
sql new "SELECT pg_create_logical_replication_slot('repld_t', 'pgoutput')" >/dev/null
takes_over
n=100
write_row
stops 'timeline 4, which left timeline 3 at [0-9A-F/]+, before the checkpoint [0-9A-F/]+'

step 'check says the same, and who the source is'
run_rc 1 "$REPLD" check -c "$CONF" t
expect_text 'blocker.*left timeline' "$TMP/out"
expect_text 'info.*system identifier [0-9]+, timeline 4' "$TMP/out"
repld_stop
