#!/bin/sh
# A value that has no form on the target, or is no text of its character set: its table is suspended, in the middle of its rows, and the others
# are loaded by the same sessions; in the stream it stops the task. Load and stream say the same.
# timeout: 240
TOP=$(cd "$(dirname "$0")/../.." && pwd)
. "$TOP/test/system/lib.sh"
needs postgresql mysql mariadb
for server in pgsrc mysrc masrc pgdst mydst; do
	db_start $server
done

# Nine tables of enough rows that most of them are still on their way when the first one is refused; six hold a value that is.
tables() {			# SERVER PREFIX TYPE GOOD BAD
	ta_text="repeat('x', 300)"
	sql "$1" "CREATE TABLE $2_digit (n int PRIMARY KEY)"
	sql "$1" "INSERT INTO $2_digit VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9)"
	for ta_n in 1 2 3 4 5 6 7 8 9; do
		ta_first=$5
		[ $ta_n -le 6 ] || ta_first=$4
		sql "$1" "CREATE TABLE $2_$ta_n (id int PRIMARY KEY, v $3, t varchar(300))"
		sql "$1" "INSERT INTO $2_$ta_n SELECT a.n * 1000 + b.n * 100 + c.n * 10 + d.n, $4, $ta_text
			FROM $2_digit a CROSS JOIN $2_digit b CROSS JOIN $2_digit c CROSS JOIN $2_digit d"
		sql "$1" "UPDATE $2_$ta_n SET v = $ta_first WHERE id = 3"
	done
}

step 'tables of which six hold a value that is refused'
NUMBER='numeric(10, 2)' TEXT='varchar(20) CHARACTER SET cp1250'
tables pgsrc pg "$NUMBER" 1.5 "'NaN'"
sql mysrc "SET GLOBAL sql_mode = 'ALLOW_INVALID_DATES'"
sql masrc "SET GLOBAL sql_mode = 'ALLOW_INVALID_DATES'"
tables mysrc my date "'2024-01-01'" "'2023-02-31'"
tables masrc ma "$TEXT" "'Łódź'" "x'81'"
sql mysrc "CREATE TABLE my_text (id int PRIMARY KEY, v $TEXT); INSERT INTO my_text VALUES (1, x'4183')"

conf_write <<'CONF'
	pg: { source = "pgsrc"; target = "mydst"; tables = ( { include = "public.*"; } ); };
	my: { source = "mysrc"; target = "pgdst"; tables = ( { include = "app.*"; } ); };
	ma: { source = "masrc"; target = "mydst"; tables = ( { include = "app.*"; } ); };
CONF

suspended() {			# TASK WORDS: six tables, for this reason
	su_n=$(grep -c "error task=$1 table suspended, the others go on: [a-z]*\.$1_[1-6]: .*$2" "$TMP/repld.log" || :)
	expect "tables of $1 that are suspended because of: $2" 6 "$su_n"
}
rows() {			# SOURCE TARGET PREFIX: of the tables that go on
	SRC=$1 DST=$2
	compare "public.${3}_7" "public.${3}_8" "public.${3}_9" "public.${3}_digit"
}

step 'load'
repld_start
loaded pg
loaded my
loaded ma
suspended pg 'column v: NaN .* has no form on the target'
suspended my 'column v: .* has no form on the target'
suspended ma 'column v: the value is not text of its character set cp1250 at byte 1'
expect_text 'app.my_text: .*column v: the value is not text of its character set cp1250 at byte 2' "$TMP/repld.log"
expect_no_text 'out of sync|worker died|no session that holds|retry' "$TMP/repld.log"
rows pgsrc mydst pg
rows mysrc pgdst my
rows masrc mydst ma

step 'stream: the task stops, with the same words'
sql pgsrc "UPDATE pg_8 SET v = 'NaN' WHERE id = 5"
sql mysrc "INSERT INTO my_8 VALUES (-1, '2023-02-31', '')"
sql masrc "INSERT INTO ma_8 VALUES (-1, x'81', '')"
wait_state pg error
wait_state my error
wait_state ma error
expect_text 'error task=pg stopped: .*column v: NaN .* has no form on the target' "$TMP/repld.log"
expect_text 'error task=my stopped: .*column v: .* has no form on the target' "$TMP/repld.log"
expect_text 'error task=ma stopped: .*column v: the value is not text of its character set cp1250 at byte 1' "$TMP/repld.log"
repld_stop
