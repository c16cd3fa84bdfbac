#!/bin/sh
# MySQL empties a table that others refer to, where it is told to look at no foreign key; PostgreSQL does not: the task says what to do, and then goes on.
# timeout: 120
TOP=$(cd "$(dirname "$0")/../.." && pwd)
SRC_KIND=${SRC_KIND:-mysql} DST_KIND=postgresql
. "$TOP/test/system/lib.sh"

needs
db_start src
db_start dst
sql src 'CREATE TABLE parent (id int PRIMARY KEY, v int); CREATE TABLE child (id int PRIMARY KEY, p int, FOREIGN KEY (p) REFERENCES parent (id));
	INSERT INTO parent VALUES (1, 1), (2, 2); INSERT INTO child VALUES (1, 1)'
sql dst 'CREATE TABLE parent (id int PRIMARY KEY, v int)'
sql dst 'CREATE TABLE child (id int PRIMARY KEY, p int, CONSTRAINT of FOREIGN KEY (p) REFERENCES parent (id))'
conf_write <<CONF
	t: { source = "src"; target = "dst"; tables = ( { include = "$DB.*"; } ); };
CONF
repld_start
loaded t
sql src 'SET foreign_key_checks = 0; TRUNCATE parent; INSERT INTO parent VALUES (1, 5)'
wait_for 30 task_is t error || fail 'the table was emptied'
ctl status t >"$TMP/status" || :
expect_text 'drop the foreign keys of other tables on the target' "$TMP/status"
sql dst 'ALTER TABLE child DROP CONSTRAINT of'
ctl restart t >/dev/null
wait_for 30 task_is t running || fail 'the remedy does not help'
synced t
compare public.parent public.child
repld_stop
