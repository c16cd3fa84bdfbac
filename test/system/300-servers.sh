#!/bin/sh
# The servers of the tests themselves: MySQL and MariaDB as source and target keep what was committed over a restart and a kill, log rows
# as they should, let accounts do what they may and no more; a comparison across all three kinds finds what is equal and each difference.
# matrix: mysql mariadb
# timeout: 240
TOP=$(cd "$(dirname "$0")/../.." && pwd)
. "$TOP/test/system/lib.sh"
needs mysql mariadb postgresql
is_56() { case $(kind_of "$1")-$MYVERSION in mysql-5.6*) true ;; *) false ;; esac; }

step 'each kind starts as source and target'
for server in mysrc masrc pgsrc mydst madst pgdst; do
	since=$(now_ms)
	db_start $server
	say "   $server: $(sql $server 'SELECT version()') in $(($(now_ms) - since)) ms"
done
for server in mysrc masrc; do
	expect "the log of $server" '1|ROW|FULL' "$(sql $server 'SELECT @@log_bin, @@binlog_format, @@binlog_row_image')"
	is_56 $server || expect "what the log of $server says of columns" FULL "$(sql $server 'SELECT @@binlog_row_metadata')"
done
expect 'GTIDs of MySQL' ON "$(sql mysrc 'SELECT @@gtid_mode')"
for server in mydst madst; do
	expect "the durability of $server" '0|1' "$(sql $server 'SELECT @@log_bin, @@innodb_flush_log_at_trx_commit')"
done
ids=$(for server in mysrc masrc mydst madst; do sql $server 'SELECT @@server_id'; done | sort -u | wc -l)
expect 'different server ids' 4 "$ids"

step 'a restart and a kill lose nothing that was committed'
for server in mysrc masrc mydst madst; do
	sql $server "CREATE TABLE kept (id int PRIMARY KEY, v varchar(20)) ENGINE=InnoDB; INSERT INTO kept VALUES (1, 'first')"
	db_stop $server
	! sql $server 'SELECT 1' >/dev/null 2>&1 || fail "$server answers after its end"
	db_start $server
	sql $server "INSERT INTO kept VALUES (2, 'second')"
	mariadb_of $server -e "BEGIN; INSERT INTO kept VALUES (3, 'never'); DO SLEEP(30)" >/dev/null 2>&1 &
	JOBS_PIDS="$JOBS_PIDS $!"
	open_transaction() { [ "$(sql $server 'SELECT count(*) FROM information_schema.innodb_trx WHERE trx_rows_modified = 1')" = 1 ]; }
	wait_for 10 open_transaction || fail "no open transaction on $server"
	db_crash $server
	db_start $server
	expect "rows of $server" '1|first
2|second' "$(sql $server 'SELECT * FROM kept ORDER BY id')"
done

step 'rows stand in the log of each source, in files that a restart begins anew'
for server in mysrc masrc; do
	# a restart, a kill and the first start: three files, each with its own change
	expect "log files of $server" 3 "$(sql $server 'SHOW BINARY LOGS' | wc -l)"
	expect "inserts in the last but one log of $server" 1 \
		"$(sql $server "SHOW BINLOG EVENTS IN 'binlog.000002'" | grep -c '|Write_rows_v1|\|Write_rows|')"
done

step 'accounts may do what repld needs, and no more'
as() { MYUSER=$1 sql "$2" "$3"; }
refused() { ! as "$@" >"$TMP/out" 2>&1 || fail "$1 on $2 may: $3"; }
for server in mysrc masrc; do
	as repld_source $server 'FLUSH TABLES WITH READ LOCK; UNLOCK TABLES; SELECT count(*) FROM kept; XA RECOVER; SHOW BINARY LOGS' >/dev/null
	as repld_least $server 'SELECT count(*) FROM kept; SHOW BINARY LOGS' >/dev/null
	refused repld_least $server 'FLUSH TABLES WITH READ LOCK'
	refused repld_least $server 'LOCK TABLES kept READ'
	refused repld_source $server "INSERT INTO kept VALUES (9, 'x')"
done
for server in mydst madst; do
	as repld_target $server 'CREATE DATABASE repld; CREATE TABLE repld.checkpoint (task int) ENGINE=InnoDB; DROP DATABASE repld'
	as repld_target $server 'CREATE DATABASE app_two; CREATE TABLE app_two.t (a int); DROP DATABASE app_two'
	refused repld_target $server 'CREATE DATABASE other'
	refused repld_target $server 'SELECT * FROM mysql.user'
	refused repld_target $server 'SET GLOBAL local_infile = 0'
done

step 'TCP and TLS where a test asks for them'
for server in mydst madst; do
	db_stop $server
	db_start $server tcp=yes $(tls_options)
	over_tcp() { mariadb --no-defaults -h 127.0.0.1 -P "$(cat "$TMP/$server/port")" -N -B app "$@" 2>&1; }
	over_tcp -u repld_target --skip-ssl -e "SHOW STATUS LIKE 'Ssl_cipher'" >"$TMP/out" || { cat "$TMP/out" >&2; fail "no TCP to $server"; }
	expect "cipher without TLS" 'Ssl_cipher	' "$(cat "$TMP/out")"
	! is_56 $server || continue	# what npm brings was built without TLS
	over_tcp -u repld_target_tls --ssl-ca="$TMP/tls/ca.pem" --ssl-verify-server-cert -e "SHOW STATUS LIKE 'Ssl_cipher'" >"$TMP/out" ||
		{ cat "$TMP/out" >&2; fail "no TLS to $server"; }
	expect_text 'Ssl_cipher	TLS' "$TMP/out"
	! over_tcp -u repld_target_tls --skip-ssl -e 'DO 1' >"$TMP/out" || fail "$server lets repld_target_tls in without TLS"
done

step 'the workload keeps its promises over a kill of its source, and a ledger with a gap or a double is told'
for SRC in mysrc masrc; do
	DST=$SRC
	workload_make 2
	workload_start 60 2
	busy() { [ "$(sql $SRC 'SELECT count(*) FROM ledger')" -gt 200 ]; }
	wait_for 30 busy || fail "no transactions on $SRC"
	db_crash $SRC
	! wait "$BENCH_PID" || fail 'the clients did not notice'
	db_start $SRC
	ledger_check
	expect "the sum of all accounts on $SRC" 200000 "$(sql $SRC 'SELECT sum(bal) FROM acct')"
	for change in 'DELETE FROM ledger WHERE n = 7 AND who = 1' 'INSERT INTO ledger VALUES (8, 1), (7, 1)' 'DELETE FROM ledger WHERE n = 8'; do
		sql $SRC "$change"
		! (ledger_check) >"$TMP/out" 2>&1 || fail "the ledger is called whole after: $change"
	done
done

# The same rows on each kind, in the forms that its types have.
fill() {			# SERVER
	case $(kind_of "$1") in
	postgresql) sql "$1" "DROP TABLE IF EXISTS same;
		CREATE TABLE same (id int PRIMARY KEY, \"Mixed\" text, b boolean, i8 bigint, u8 numeric(20), n numeric(30, 10), f4 real, f8 double precision,
			bin bytea, c char(5), at timestamptz, ts timestamp, d date, t interval, y smallint, bits bit(10), j jsonb, ju json, e text);
		INSERT INTO same VALUES (1, E'tab\there, line\nthere, back\\\\slash, ümläut, \U0001F600, \\\\N NULL', true, -9223372036854775808, 18446744073709551615,
			-12345678901234567890.0123456789, 1.1, 1e-30, '\\x00ff5c0a09', 'ab', '2024-02-29 23:59:59.123456+00', '9999-12-31 00:00:00.5', '1000-01-01',
			'-838:59:59', 1901, B'0000000101', '{\"bb\": [1.50, true, null], \"a\": \"\\u00e9 \\\" \\n\"}', '{\"z\":1, \"a\" : 100}', 'two'),
		(2, '', false, 0, 0, 0, -0.5, 123456789012345680, '', '', '1970-01-01 00:00:01+00', '2000-01-01 10:20:30', '0001-01-01', '00:00:00', 2155,
			B'1111111111', '[]', '{}', 'one'),
		(3, 'NULL', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)" ;;
	*)
		json=json
		! is_56 "$1" || json=longtext
		sql "$1" "SET sql_mode = 'STRICT_ALL_TABLES'; DROP TABLE IF EXISTS same;
		CREATE TABLE same (id int(5) zerofill PRIMARY KEY, \`Mixed\` longtext, b tinyint(1), i8 bigint, u8 bigint unsigned, n decimal(30, 10), f4 float, f8 double,
			bin varbinary(20), c char(5) CHARACTER SET latin1, at timestamp(6) NULL, ts datetime(6), d date, t time, y year, bits bit(10), j $json, ju $json,
			e enum('one', 'two')) CHARACTER SET utf8mb4;
		INSERT INTO same VALUES (1, 'tab\\there, line\\nthere, back\\\\slash, ümläut, 😀, \\\\N NULL', true, -9223372036854775808, 18446744073709551615,
			-12345678901234567890.0123456789, 1.1, 1e-30, x'00ff5c0a09', 'ab', '2024-02-29 23:59:59.123456', '9999-12-31 00:00:00.5', '1000-01-01',
			'-838:59:59', 1901, b'0000000101', '{\"bb\": [1.50, true, null], \"a\": \"\\\\u00e9 \\\\\" \\\\n\"}', '{\"z\":1, \"a\" : 1e2}', 'two'),
		(2, '', false, 0, 0, 0, -0.5, 123456789012345680, '', '', '1970-01-01 00:00:01', '2000-01-01 10:20:30', '0001-01-01', '00:00:00', 2155,
			b'1111111111', '[]', '{}', 'one'),
		(3, 'NULL', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)"
		;;
	esac
}

step 'the same rows are equal in all nine pairs'
for server in mysrc masrc pgsrc mydst madst pgdst; do fill $server; done
for SRC in pgsrc mysrc masrc; do
	for DST in pgdst mydst madst; do
		say "   $SRC, $DST"
		compare public.same
	done
done

step 'each difference is seen, in each pair'
# Row 2 many times; on the target each of them with another change.
cat >"$TMP/changes" <<'CHANGES'
"Mixed" = ' '
"Mixed" = NULL
b = true
i8 = 1
u8 = NULL
n = 0.0000000001
f4 = 0.5
f8 = 123456789012345696
bin = HEX
c = 'a'
at = '1970-01-01 00:00:02'
ts = '2000-01-01 10:20:30.000001'
d = '0001-01-02'
t = '00:00:01'
y = 2154
bits = BITS
j = '[0]'
j = '{}'
j = NULL
ju = '{"a": 1}'
e = 'two'
CHANGES
n=$(wc -l <"$TMP/changes")
columns='b, i8, u8, n, f4, f8, bin, c, at, ts, d, t, y, bits, j, ju, e'
copies() {			# SERVER: rows 101 to 100 + n
	mixed='"Mixed"'
	[ "$(kind_of "$1")" = postgresql ] || mixed=Mixed
	copy_number=0
	while [ $copy_number -lt "$n" ]; do
		copy_number=$((copy_number + 1))
		echo "INSERT INTO same (id, $mixed, $columns) SELECT $((100 + copy_number)), $mixed, $columns FROM same WHERE id = 2;"
	done >"$TMP/copies.sql"
	sqlf "$1" "$TMP/copies.sql"
}
changed() {			# SERVER
	case $(kind_of "$1") in
	postgresql) sed "s/HEX/'\\\\x00'/; s/BITS/B'1111111110'/" "$TMP/changes" ;;
	*) sed "s/HEX/x'00'/; s/BITS/b'1111111110'/; s/\"Mixed\"/Mixed/" "$TMP/changes" ;;
	esac | awk '{ print "UPDATE same SET " $0 " WHERE id = " 100 + NR ";" }' >"$TMP/changes.sql"
	sqlf "$1" "$TMP/changes.sql"
}
for server in pgsrc mysrc masrc pgdst mydst madst; do copies $server; done
compare_all() {
	for SRC in pgsrc mysrc masrc; do
		for DST in pgdst mydst madst; do "$@"; done
	done
}
compare_all compare same >/dev/null
for server in pgdst mydst madst; do changed $server; done
differences() {
	! (compare same) >"$TMP/out" 2>&1 || fail "$SRC and $DST are called equal"
	dump_both same same
	expect "rows of $DST that differ from those of $SRC" "$n" "$(diff "$TMP/cmp.src" "$TMP/cmp.dst" | grep -c '^>')"
	expect "rows of $SRC that differ from those of $DST" "$n" "$(diff "$TMP/cmp.src" "$TMP/cmp.dst" | grep -c '^<')"
	say "   $SRC, $DST: all $n seen"
}
compare_all differences
for server in pgdst mydst madst; do sql $server 'DELETE FROM same WHERE id > 100'; done
for server in pgsrc mysrc masrc; do sql $server 'DELETE FROM same WHERE id > 101'; done
lacks_one() {
	! (compare same) >"$TMP/out" 2>&1 || fail "$SRC and $DST are called equal, $DST lacks a row"
	expect_text '4 rows on the source, 3 on the target' "$TMP/out"
}
compare_all lacks_one

step 'other columns are no comparison'
SRC=mysrc DST=pgdst
sql pgdst 'ALTER TABLE same RENAME e TO ee'
! (compare same) >"$TMP/out" 2>&1 || fail 'equal with another column'
expect_text '^> ee' "$TMP/out"
! (compare nowhere) >"$TMP/out" 2>&1 || fail 'equal without a table'

step 'a configuration names each by its kind'
conf_write </dev/null
expect 'endpoints' '2 postgresql, 4 mysql' "$(grep -c 'type = "postgresql"' "$CONF") postgresql, $(grep -c 'type = "mysql"' "$CONF") mysql"
