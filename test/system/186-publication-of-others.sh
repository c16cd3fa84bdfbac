#!/bin/sh
# A publication that repld did not make, with partitions as members of their own: a partition made or attached later is not in it. The task says
# so before rows are missed, or names the hole. A truncated hash partition asks for the table to be loaded again.
# timeout: 150
TOP=$(cd "$(dirname "$0")/../.." && pwd)
. "$TOP/test/system/lib.sh"
skip_if_no_server

pg_start src
pg_start dst
sql src "CREATE TABLE p (id int, r text, PRIMARY KEY (id, r)) PARTITION BY LIST (r);
	CREATE TABLE p_a PARTITION OF p FOR VALUES IN ('a'); CREATE TABLE p_b PARTITION OF p FOR VALUES IN ('b');
	INSERT INTO p VALUES (1, 'a'), (2, 'b');
	CREATE TABLE h (id int PRIMARY KEY, v text) PARTITION BY HASH (id);
	CREATE TABLE h0 PARTITION OF h FOR VALUES WITH (MODULUS 2, REMAINDER 0); CREATE TABLE h1 PARTITION OF h FOR VALUES WITH (MODULUS 2, REMAINDER 1);
	INSERT INTO h SELECT i, 'v' FROM generate_series(1, 20) i;
	CREATE TABLE a (id int PRIMARY KEY);
	CREATE PUBLICATION pub FOR TABLE p_a, p_b, h, a"
conf_task t 'postgresql: { publication = "pub"; };'
repld_start
loaded t
synced t
compare public.p public.h

table_is() { [ "$(table_get t "public.$1" state)" = "$2" ]; }
stopped() {			# KIND PATTERN...
	wait_state t error 30
	expect kind "$1" "$(task_get t error.kind)"
	shift
	ctl status t >"$TMP/out" || :
	for so_pattern in "$@"; do
		expect_text "$so_pattern" "$TMP/out"
	done
}
reload() {
	run_rc 0 ctl restart t --reload --yes
	wait_state t running
	loaded t
	synced t
	compare public.p public.h public.a
}

step 'a new partition without rows: it is asked for'
sql src "CREATE TABLE p_c PARTITION OF p FOR VALUES IN ('c')"
ctl sync t --timeout 20 >/dev/null 2>&1 || :
stopped config 'publication pub .*lacks 1 of the task' 'ALTER PUBLICATION "pub" ADD TABLE'
sql src 'ALTER PUBLICATION pub ADD TABLE p_c'
sql src "INSERT INTO p VALUES (3, 'c')"
run_rc 0 ctl restart t
wait_state t running
synced t
compare public.p
expect 'state of p' streaming "$(table_get t public.p state)"

step 'rows came before it was added'
sql src "CREATE TABLE p_d PARTITION OF p FOR VALUES IN ('d'); INSERT INTO p VALUES (4, 'd'); ALTER PUBLICATION pub ADD TABLE p_d;
	INSERT INTO p VALUES (5, 'd')"
synced t
wait_for 15 table_is p suspect || fail "p is $(table_get t public.p state)"
table_get t public.p error >"$TMP/out"
expect_text 'partition public.p_d came with rows' "$TMP/out"
reload

step 'a new partition with rows, not in the publication'
sql src "CREATE TABLE p_e (LIKE p INCLUDING ALL); INSERT INTO p_e VALUES (6, 'e'); ALTER TABLE p ATTACH PARTITION p_e FOR VALUES IN ('e')"
ctl sync t --timeout 20 >/dev/null 2>&1 || :
stopped hole 'partition public.p_e is new and not in publication pub' 'repld ctl resync t public.p'
sql src 'ALTER PUBLICATION pub ADD TABLE p_e'
run_rc 0 ctl restart t
wait_state t running
synced t
wait_for 15 table_is p suspect || fail "p is $(table_get t public.p state)"
reload

step 'a table is taken out of it'
sql src 'ALTER PUBLICATION pub DROP TABLE a; INSERT INTO a VALUES (1)'
ctl sync t --timeout 20 >/dev/null 2>&1 || :
stopped hole 'table public.a is not' 'repld ctl resync t public.a'
sql src 'ALTER PUBLICATION pub ADD TABLE a'
reload

step 'a hash partition is truncated'
sql src 'TRUNCATE h0'
stopped schema 'partition public.h0 was truncated' 'repld ctl resync t public.h'
expect 'rows of h' 20 "$(sql dst 'SELECT count(*) FROM h')"
run_rc 0 ctl resync t public.h --yes
wait_state t running
synced t
compare public.p public.h public.a
repld_stop
