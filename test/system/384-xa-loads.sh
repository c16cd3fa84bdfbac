#!/bin/sh
# Transactions of XA around loads: a load waits for those that are prepared; a table that is loaded again beside the stream loses none, whenever
# they begin and end; what the checkpoint's row loses, repld.prepared loses too; rows that are gone or not whole stop the task.
# timeout: 300
TOP=$(cd "$(dirname "$0")/../.." && pwd)
. "$TOP/test/system/lib.sh"

xa() { sql $SRC "XA START $1; $2; XA END $1; XA PREPARE $1"; }	# NAME STATEMENTS
kept() { expect "transactions kept" "$1" "$(sql $DST 'SELECT count(DISTINCT xid) FROM repld.prepared')"; }
reason_says() { ctl status t --json 2>/dev/null | grep -q "$1"; }
in_error() { task_is t error && [ "$(task_get t error.kind)" = hole ]; }
same() { synced t 60; compare public.a public.b; }
table_is() { [ "$(sql $DST "SELECT state FROM repld.table_state WHERE source_name = '$1'")" = "$2" ]; }
configure() {			# OPTIONS
	conf_write <<-CONF
		${named:-t}: { source = "$SRC"; target = "$DST"; tables = ( { include = "$DB.*"; } ); $* };
	CONF
}

play() {			# SRC DST
	SRC=$1 DST=$2
	db_start $SRC
	db_start $DST
	sql $SRC "CREATE TABLE digit (n int PRIMARY KEY) ENGINE=InnoDB; INSERT INTO digit VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9);
		CREATE TABLE a (id int PRIMARY KEY, v int, pad varchar(200)) ENGINE=InnoDB;
		CREATE TABLE b (id int PRIMARY KEY, v int) ENGINE=InnoDB;
		INSERT INTO a SELECT a.n * 1000 + b.n * 100 + c.n * 10 + d.n, 0, REPEAT('p', 150) FROM digit a CROSS JOIN digit b CROSS JOIN digit c CROSS JOIN digit d;
		INSERT INTO b VALUES (1, 1), (2, 2)"
	configure

	step "$SRC: a load waits for what is prepared, and says so"
	xa "'early'" "INSERT INTO b VALUES (3, 3); UPDATE a SET v = 1 WHERE id = 1"
	repld_start
	wait_for 20 reason_says "waiting for 1 XA transaction prepared on the source: X'6561726c79'" || { ctl status t --json >&2; fail 'no word of the wait'; }
	sleep 1
	expect 'loaded meanwhile' 0 "$(sql $DST "SELECT count(*) FROM repld.table_state WHERE state <> 'queued'")"
	sql $SRC "XA COMMIT 'early'"
	loaded t
	same

	step 'a table that is loaded again: begun before it, prepared while it is loaded, while it catches up'
	xa "'before'" "INSERT INTO b VALUES (10, 10); UPDATE a SET v = 10 WHERE id = 10"
	same
	ctl resync t $DB.a --yes >/dev/null
	wait_for 20 grep -q "waiting for 1 XA transaction prepared on the source: X'6265666f7265'" "$TMP/repld.log" || fail 'the load group does not wait'
	sql $SRC "UPDATE b SET v = v + 1 WHERE id < 3; XA COMMIT 'before'"
	joined t
	same
	kept 0
	repld_stop
	configure 'full_load: { max_rate = "300kB"; };'
	repld_start
	synced t
	ctl resync t $DB.a --yes >/dev/null
	wait_for 20 table_is a loading || fail 'the table is not loaded again'
	xa "'in1'" "INSERT INTO b VALUES (20, 20); UPDATE a SET v = 20 WHERE id = 20; DELETE FROM a WHERE id = 9999"
	xa "'in2'" "INSERT INTO b VALUES (21, 21); UPDATE a SET v = 21 WHERE id = 21; INSERT INTO a VALUES (-1, 1, 'new')"
	xa "'in3'" "INSERT INTO b VALUES (22, 22); UPDATE a SET v = 22 WHERE id = 22"
	sql $SRC "XA COMMIT 'in1'"
	table_is a loading || fail 'the load was over too soon'
	joined t
	kept 2
	expect 'of the load group' 0 "$(sql $DST 'SELECT count(*) FROM repld.prepared WHERE load_group > 0')"
	expect 'not yet' 0 "$(sql $DST 'SELECT v FROM a WHERE id = 21')"
	sql $SRC "XA COMMIT 'in2'; XA ROLLBACK 'in3'"
	same
	kept 0

	step 'the daemon is killed between, and the table altered before it comes back'
	xa "'alter'" "INSERT INTO b VALUES (30, 30); UPDATE a SET v = 30 WHERE id = 30"
	synced t
	kept 1
	repld_kill
	sql $SRC "XA COMMIT 'alter'; INSERT INTO b VALUES (31, 31); ALTER TABLE b ADD more int; INSERT INTO b VALUES (32, 32, 32)"
	sql $DST 'ALTER TABLE b ADD more int'
	repld_start
	same

	step 'a database of repld that lacks the table gets it; a renamed task takes its rows along'
	repld_stop
	sql $DST 'DROP TABLE repld.prepared'
	repld_start
	xa "'named'" 'INSERT INTO b VALUES (40, 40, NULL)'
	synced t
	repld_stop
	named=r
	configure 'rename_from = "t";'
	repld_start
	synced r
	expect 'task of what is kept' r "$(sql $DST 'SELECT DISTINCT task FROM repld.prepared')"
	repld_stop
	named=t
	configure 'rename_from = "r";'
	repld_start
	sql $SRC "XA COMMIT 'named'"
	same

	step 'rows that are gone, or not what was written, are a hole'
	xa "'gone'" 'INSERT INTO b VALUES (50, 50, NULL)'
	xa "'bad'" 'INSERT INTO b VALUES (51, 51, NULL)'
	synced t
	kept 2
	sql $DST "DELETE FROM repld.prepared WHERE xid LIKE '%676f6e65%'"
	sql $SRC "XA COMMIT 'gone'"
	wait_for 20 in_error || fail 'rows that are gone are no hole'
	ctl status t >"$TMP/out" || :
	expect_text "XA COMMIT of transaction X'676f6e65',X'',1, whose XA PREPARE" "$TMP/out"
	ctl restart t --reload --yes >"$TMP/reload" 2>&1 || { cat "$TMP/reload" >&2; fail 'no reload'; }
	wait_for 20 reason_says "X'626164'" || fail 'the load does not wait'
	sql $SRC "XA COMMIT 'bad'"
	loaded t
	same
	kept 0
	xa "'bad'" 'INSERT INTO b VALUES (52, 52, NULL)'
	synced t
	case $(kind_of $DST) in
	postgresql) sql $DST 'UPDATE repld.prepared SET content = set_byte(content, octet_length(content) - 30, 7)' ;;
	*) sql $DST "UPDATE repld.prepared SET content = INSERT(content, LENGTH(content) - 30, 1, X'07')" ;;
	esac
	sql $SRC "XA COMMIT 'bad'"
	wait_for 20 in_error || fail 'rows that were changed are no hole'
	ctl status t >"$TMP/out" || :
	expect_text 'are not what was written' "$TMP/out"
	expect 'the row' 0 "$(sql $DST 'SELECT count(*) FROM b WHERE id = 52')"

	step 'a restart from another place knows nothing of what was prepared before'
	xa "'past'" 'INSERT INTO b VALUES (60, 60, NULL)'
	ctl restart t --from now --yes >/dev/null
	wait_for 20 task_is t running || fail 'the task does not run'
	synced t
	kept 0
	xa "'later'" 'INSERT INTO b VALUES (61, 61, NULL)'
	sql $SRC "XA COMMIT 'later'"
	synced t
	sql $SRC "XA COMMIT 'past'"
	wait_for 20 in_error || fail 'what was prepared before is no hole'
	ctl restart t --reload --yes >/dev/null
	loaded t
	same

	step 'without the privilege check says so; cleanup leaves nothing'
	repld_stop
	if [ "$(kind_of $SRC)" = mysql ]; then
		sql $SRC "REVOKE XA_RECOVER_ADMIN ON *.* FROM repld_source@'%'"
		"$REPLD" check -c "$CONF" >"$TMP/check" 2>&1 || :
		expect_text 'GRANT XA_RECOVER_ADMIN' "$TMP/check"
	fi
	"$REPLD" cleanup -c "$CONF" t --yes >"$TMP/cleanup" 2>&1 || { cat "$TMP/cleanup" >&2; fail 'cleanup fails'; }
	case $(kind_of $DST) in
	postgresql) expect 'left behind' '' "$(sql $DST "SELECT to_regclass('repld.prepared')")" ;;
	*) expect 'left behind' 0 "$(sql $DST "SELECT count(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'repld'")" ;;
	esac
	my_stop $SRC
}

needs mysql mariadb postgresql
play mysrc pgdst
play masrc mydst
