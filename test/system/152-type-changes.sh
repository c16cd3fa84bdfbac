#!/bin/sh
# A column changes its type alone, mid-stream: nothing of the new type is written into the old one, where it would be rounded in silence.
# timeout: 120
TOP=$(cd "$(dirname "$0")/../.." && pwd)
. "$TOP/test/system/lib.sh"
skip_if_no_server

pg_start src
pg_start dst
sql src "CREATE TYPE mood AS ENUM ('good', 'bad');
	CREATE TABLE n (id int PRIMARY KEY, v numeric(10,2)); INSERT INTO n VALUES (1, 1.25);
	CREATE TABLE f (id int PRIMARY KEY, v real); INSERT INTO f VALUES (1, 1.5);
	CREATE TABLE w (id int PRIMARY KEY, v int); INSERT INTO w VALUES (1, 1);
	CREATE TABLE e (id int PRIMARY KEY, v mood); INSERT INTO e VALUES (1, 'good');
	CREATE DOMAIN price AS numeric(8,2); CREATE TABLE d (id int PRIMARY KEY, v price); INSERT INTO d VALUES (1, 1.5)"
sql dst "CREATE TYPE mood AS ENUM ('good', 'bad', 'so'); CREATE DOMAIN price AS numeric(8,2)"
conf_task t
sql src "CREATE TABLE as_text (id int PRIMARY KEY, v tsvector)"	# with it, values come in text form
repld_start
loaded t
sql src "UPDATE n SET v = 2.25; UPDATE f SET v = 2.5; UPDATE e SET v = 'bad'; UPDATE d SET v = 2.5"
synced t

changes() {			# TABLE TYPE VALUE
	step "$1 becomes $2"
	sql src "ALTER TABLE $1 ALTER v TYPE $2"
	rows=$(sql dst "SELECT count(*) FROM $1")
	sql src "INSERT INTO $1 SELECT count(*) + 1, $3 FROM $1"
	wait_state t error
	ctl status t >"$TMP/out" || :
	expect_text "public\\.$1.*column v" "$TMP/out"
	expect "rows of $1" "$rows" "$(sql dst "SELECT count(*) FROM $1")"
	sql dst "ALTER TABLE $1 ALTER v TYPE $2"
	run_rc 0 ctl restart t
	wait_state t running
	synced t
	compare "public.$1"
}
changes n 'numeric(12,4)' 1.2345
changes f 'double precision' 0.1234567890123

step 'the same with values in binary form'
sql src 'DROP TABLE as_text'
repld_stop
repld_start
loaded t
changes n 'numeric(14,6)' 1.234567

step 'a type is widened while changes of the former one wait in the log'
ctl pause t >/dev/null
sql src "INSERT INTO w VALUES (2, 2); ALTER TABLE w ALTER v TYPE bigint; INSERT INTO w VALUES (3, 5000000000)"
sql dst 'ALTER TABLE w ALTER v TYPE bigint'
run_rc 0 ctl resume t
wait_state t running
synced t
compare public.w

step 'a type of ours made again under its name, while changes of the old one wait in the log'
ctl pause t >/dev/null
sql src "INSERT INTO e VALUES (2, 'good'); ALTER TYPE mood RENAME TO old; CREATE TYPE mood AS ENUM ('good', 'bad', 'so');
	ALTER TABLE e ALTER v TYPE mood USING v::text::mood; DROP TYPE old; INSERT INTO e VALUES (3, 'so')"
run_rc 0 ctl resume t
wait_state t running
synced t
sql src "INSERT INTO d VALUES (2, 2.25)"
synced t
compare public.e public.d
repld_stop
