#!/bin/sh
# Row-level security hides no row in silence, on neither side: check names the table and the fix, the load fails instead of copying a part, apply
# stops instead of missing rows.
# timeout: 150
TOP=$(cd "$(dirname "$0")/../.." && pwd)
. "$TOP/test/system/lib.sh"
skip_if_no_server
[ "$PGVERSION" -ge 15 ] || skip 'a role that is no superuser can be granted the replica role since PostgreSQL 15'

pg_start src
pg_start dst
sql src "CREATE TABLE a (id int PRIMARY KEY, v text); CREATE TABLE b (id int PRIMARY KEY, v text);
	INSERT INTO a SELECT i, 'v' FROM generate_series(1, 100) i; INSERT INTO b SELECT i, 'v' FROM generate_series(1, 100) i;
	CREATE ROLE copier LOGIN REPLICATION; GRANT SELECT ON a, b TO copier;
	CREATE PUBLICATION pub FOR TABLE a, b"
sql dst "CREATE ROLE copier LOGIN; GRANT CREATE ON DATABASE app TO copier; GRANT CREATE ON SCHEMA public TO copier;
	GRANT SET ON PARAMETER session_replication_role TO copier;
	CREATE TABLE a (id int PRIMARY KEY, v text); GRANT ALL ON a TO copier"
ROLE=copier
conf_task t 'postgresql: { publication = "pub"; };'

check_names() {			# TABLE PATTERN
	run_rc 1 "$REPLD" check -c "$CONF" t
	expect_text "$1" "$TMP/out"
	expect_text "$2" "$TMP/out"
	expect_text 'BYPASSRLS' "$TMP/out"
}
stopped() {			# PATTERN
	wait_state t error 30
	ctl status t >"$TMP/out" || :
	expect_text "$1" "$TMP/out"
}

step 'check: on the source, on the target'
run_rc 0 "$REPLD" check -c "$CONF" t
sql src "ALTER TABLE b ENABLE ROW LEVEL SECURITY; CREATE POLICY tenth ON b USING (id % 10 = 0)"
check_names 'public\.b' 'row-level security .*hides rows'
sql src 'ALTER TABLE b DISABLE ROW LEVEL SECURITY'
sql dst "ALTER TABLE a ENABLE ROW LEVEL SECURITY; CREATE POLICY tenth ON a USING (id % 10 = 0)"
check_names 'public\.a' 'row.*security hides rows'
sql dst 'ALTER TABLE a DISABLE ROW LEVEL SECURITY'

step 'a start is refused'
sql src 'ALTER TABLE b ENABLE ROW LEVEL SECURITY'
repld_start
stopped 'row-level security of public.b'
expect 'rows copied' 0 "$(sql dst "SELECT count(*) FROM a")"

step 'the session itself refuses, were it not for the check'
! "$PGBIN/psql" -X -q -h "$TMP/src" -U copier -d $DB -v ON_ERROR_STOP=1 -c "SET row_security = off" -c 'COPY b TO STDOUT' >"$TMP/out" 2>&1 ||
	fail 'the server copies a part'
sql src 'ALTER TABLE b DISABLE ROW LEVEL SECURITY'
run_rc 0 ctl restart t
wait_state t running
loaded t
compare public.a public.b

step 'a policy on the source, while it streams: the log is not filtered'
sql src 'ALTER TABLE b ENABLE ROW LEVEL SECURITY'
sql src "UPDATE b SET v = 'streamed'"
synced t
compare public.b
sql src 'ALTER TABLE b DISABLE ROW LEVEL SECURITY'

step 'a policy on the target, while it streams: it stops, nothing is missed'
sql dst 'ALTER TABLE a ENABLE ROW LEVEL SECURITY'
sql src "UPDATE a SET v = 'new'; DELETE FROM a WHERE id = 7; INSERT INTO a VALUES (101, 'w')"
stopped 'row-level security|row security'
expect_text 'public\.a|table "a"' "$TMP/out"
expect_text 'fix: ALTER ROLE .* BYPASSRLS' "$TMP/out"
say "   $(task_get t error.message)"
say "   fix: $(task_get t error.remedy)"
run_rc 0 ctl restart t
stopped 'row security hides rows'
expect_text 'BYPASSRLS' "$TMP/out"
sql dst 'ALTER ROLE copier BYPASSRLS'
run_rc 0 ctl restart t
wait_state t running
synced t
compare public.a public.b
repld_stop
