#!/bin/sh
# Captures the row events of a real server, and what the server itself says of the same rows and columns, into test/corpus/binlog_rows:
#   NAME.log      the binary log: TABLE_MAP and rows of every type
#   NAME.columns  table, column and the facts of information_schema.COLUMNS (COLUMN_TYPE in hexadecimal)
#   NAME.values   table, id, and each column in its text form (binary types: the bytes), in hexadecimal (more than
#                300 bytes: #LENGTH:CRC32); - for NULL. float and double: as a double
#                is printed where nothing is computed with it, the one place where MySQL has all its digits
# usage: sh test/corpus/binlog-rows-capture.sh NAME SOCKET [KIND...]
#   SOCKET of a server whose root has no password, whose data folder can be read, started with binlog_format ROW, binlog_checksum NONE and
#   binlog_row_metadata FULL. KIND: the files KIND-tables.sql and KIND-rows.sql, beside those that all have: mysql, or mariadb mariadb-11.8
# Rows 101 and on were logged with as little metadata as the server can (MINIMAL; MariaDB: NO_LOG).
set -eu
LC_ALL=C
export LC_ALL
name=$1 socket=$2
shift 2
here=$(dirname "$0")/binlog_rows

sql() { mysql --no-defaults --default-character-set=utf8mb4 -S "$socket" -u root -N "$@"; }

# A table with a column of each character set: in row 2 its text, in row 3 that and a letter.
sets() {
	known=$(sql -e "SELECT CONCAT(' ', GROUP_CONCAT(CHARACTER_SET_NAME SEPARATOR ' '), ' ') FROM information_schema.CHARACTER_SETS")
	grep -v '^--' "$here/sets.sql" | while read -r set text; do
		case $known in *" $set "*) ;; *) continue ;; esac
		echo "ALTER TABLE sets ADD $set varchar(30) CHARACTER SET $set, ADD char_$set char(30) CHARACTER SET $set;" >&3
		echo "UPDATE sets SET $set = '$text', char_$set = '$text' WHERE id = 2;"
		echo "UPDATE sets SET $set = CONCAT($set, 'z'), char_$set = CONCAT(char_$set, ' a') WHERE id = 3;"
	done
}

# How each type is asked for: as a full load gets it.
expressions() {
	cat <<-'SQL'
	SELECT TABLE_NAME, GROUP_CONCAT(IF(DATA_TYPE IN ('float', 'double'), CONCAT('`', COLUMN_NAME, '` + 0e0'),
		REPLACE('IFNULL(IF(LENGTH(%) > 300, CONCAT(''#'', LENGTH(%), '':'', CRC32(%)), HEX(%)), ''-'')', '%', CASE
		WHEN DATA_TYPE = 'bit' THEN CONCAT('LPAD(BIN(`', COLUMN_NAME, '` + 0), ', NUMERIC_PRECISION, ', ''0'')')
		WHEN COLUMN_TYPE LIKE '%zerofill' THEN CONCAT('CAST(`', COLUMN_NAME, '` + 0 AS CHAR)')
		WHEN DATA_TYPE REGEXP '(binary|blob|point|string|polygon|geometry|collection|vector)$' THEN CONCAT('`', COLUMN_NAME, '`')
		WHEN DATA_TYPE REGEXP '(char|text|enum|set)$' THEN CONCAT('CONVERT(`', COLUMN_NAME, '` USING utf8mb4)')
		ELSE CONCAT('CAST(`', COLUMN_NAME, '` AS CHAR CHARACTER SET utf8mb4)') END)) ORDER BY ORDINAL_POSITION SEPARATOR ', ')
	FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = 'capture' AND COLUMN_NAME <> 'id' GROUP BY TABLE_NAME ORDER BY TABLE_NAME
	SQL
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
sql -e 'DROP DATABASE IF EXISTS capture; CREATE DATABASE capture'
{
	cat "$here/tables.sql"
	echo 'CREATE TABLE sets (id int PRIMARY KEY);'
	for kind in "$@"; do cat "$here/$kind-tables.sql"; done
} >"$work/tables"
{
	cat "$here/rows.sql"
	echo 'INSERT INTO sets (id) VALUES (1), (2), (3);'
	sets 3>>"$work/tables"
	for kind in "$@"; do cat "$here/$kind-rows.sql"; done
} >"$work/rows"
sql capture <"$work/tables"
case $1 in mysql) least=MINIMAL ;; *) least=NO_LOG ;; esac
{
	cat "$work/rows"
	echo "SET GLOBAL binlog_row_metadata = $least;"
	for table in $(sql -e "SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'capture' AND TABLE_NAME <> 'changed'"); do
		columns=$(sql -e "SELECT GROUP_CONCAT(CONCAT('\`', COLUMN_NAME, '\`') ORDER BY ORDINAL_POSITION) FROM information_schema.COLUMNS
			WHERE TABLE_SCHEMA = 'capture' AND TABLE_NAME = '$table' AND COLUMN_NAME <> 'id'")
		[ "$table" = compressed ] || echo "INSERT INTO $table SELECT id + 100, $columns FROM $table WHERE id < 5;"
	done
	echo 'SET GLOBAL binlog_row_metadata = FULL;'
} >"$work/all"
sql -e 'FLUSH BINARY LOGS'
sql capture <"$work/all"
log=$(sql -e 'SHOW BINARY LOGS' | tail -n 1 | cut -f 1)
sql -e 'FLUSH BINARY LOGS'
cp "$(sql -e 'SELECT @@log_bin_basename' | sed 's,/[^/]*$,,')/$log" "$here/$name.log"
sql -e "SELECT TABLE_NAME, COLUMN_NAME, DATA_TYPE, HEX(COLUMN_TYPE), IFNULL(COLLATION_NAME, '-'), IFNULL(CHARACTER_OCTET_LENGTH, 0),
	IFNULL(CHARACTER_MAXIMUM_LENGTH, 0), IFNULL(NUMERIC_PRECISION, 0), IFNULL(NUMERIC_SCALE, 0), IFNULL(DATETIME_PRECISION, 0),
	TABLE_NAME = 'documents' AND DATA_TYPE = 'longtext'
	FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = 'capture' ORDER BY TABLE_NAME, ORDINAL_POSITION" >"$here/$name.columns"
{ echo 'SET SESSION group_concat_max_len = 1000000;'; expressions; } | sql | while IFS='	' read -r table list; do
	sql capture -e "SET time_zone = '+00:00', NAMES utf8mb4; SELECT '$table', id, $list FROM $table ORDER BY id"
done >"$here/$name.values"
sql -e 'DROP DATABASE capture'
wc -c "$here/$name".*
