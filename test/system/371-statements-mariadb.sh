#!/bin/sh
# Statements in the log of a MariaDB that keeps names in small letters: names in other letters, temporary tables with the names of captured ones, lists
# of names without end, comments that other versions execute.
# matrix: mariadb
# timeout: 200
TOP=$(cd "$(dirname "$0")/../.." && pwd)
SRC_KIND=mariadb DST_KIND=postgresql
. "$TOP/test/system/lib.sh"
. "$TOP/test/system/statements.sh"

step 'statements in other letters than the names'
sql src "CREATE DATABASE app_drei; CREATE TABLE app_drei.\`grün\` (id int PRIMARY KEY); INSERT INTO app_drei.\`GRÜN\` VALUES (1), (2);
	CREATE TABLE app_drei.\`Ελλάδα表\` (id int PRIMARY KEY); INSERT INTO app_drei.\`ελλάδα表\` VALUES (1), (2)"
conf_write <<CONF
	t: { source = "src"; target = "dst"; tables = ( { include = "app.*"; }, { include = "app_drei.*"; target_schema = "drei"; } ); };
CONF
sql dst 'CREATE SCHEMA drei'
repld_start
loaded t
sql src "TRUNCATE TABLE KV; INSERT INTO Kv VALUES (11, 1), (12, 2); TRUNCATE App_Drei.\`GRÜN\`; INSERT INTO app_drei.\`Grün\` VALUES (3);
	USE APP_DREI; TRUNCATE TABLE \`ΕΛΛάδα表\`; INSERT INTO \`ελλάδα表\` VALUES (4)"
all
expect 'the table with letters of others' 3 "$(sql dst 'SELECT * FROM drei."grün"')"
expect 'the table with letters of yet others' 4 "$(sql dst 'SELECT * FROM drei."ελλάδα表"')"
sql src 'USE APP_DREI; DROP TABLE app_drei.`ελλάδα表`; TRUNCATE `grün`'
repld_stop

step 'temporary tables that take the names of captured ones'
conf_write <<CONF
	t: { source = "src"; target = "dst"; tables = ( { include = "app.*"; } ); };
CONF
repld_start
temporary_tables
sql src "SET SESSION binlog_format = 'MIXED'; CREATE TEMPORARY TABLE kv (id int); ALTER TABLE kv RENAME TO kw; TRUNCATE kw; TRUNCATE kv; DROP TABLE kw;
	SET SESSION binlog_format = 'ROW'; INSERT INTO kv VALUES (1, 1)"
all

unclear_statements
