# pair.sh - one pair of kinds of servers, end to end: what is there is loaded, what changes is streamed, a restart and kills lose and double nothing.
# Sourced by a test that has set SRC_KIND and DST_KIND and sourced lib.sh.

needs
case $SRC_KIND in postgresql) SRC_SCHEMA=public ;; *) SRC_SCHEMA=$DB ;; esac

db_start src
db_start dst
sql src "CREATE TABLE digit (n int PRIMARY KEY);
	INSERT INTO digit VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9);
	CREATE TABLE fruit (id int PRIMARY KEY, name varchar(50) NOT NULL, price decimal(12, 2) DEFAULT 1.5, note text);
	CREATE TABLE pair (a int NOT NULL, b varchar(20) NOT NULL, v int, PRIMARY KEY (a, b));
	CREATE TABLE uniq (id int PRIMARY KEY, u int NOT NULL UNIQUE, v varchar(20));
	CREATE TABLE ledger (id int PRIMARY KEY, v int NOT NULL)"
sql src "INSERT INTO fruit SELECT a.n * 100 + b.n * 10 + c.n, 'fruit', a.n + b.n / 10.0, NULL FROM digit a CROSS JOIN digit b CROSS JOIN digit c;
	INSERT INTO pair SELECT a.n, 'x', b.n FROM digit a CROSS JOIN digit b WHERE b.n = 3;
	INSERT INTO uniq SELECT a.n * 10 + b.n, 1000 + a.n * 10 + b.n, 'u' FROM digit a CROSS JOIN digit b"
conf_write <<CONF
	t: { source = "src"; target = "dst"; tables = ( { include = "$SRC_SCHEMA.*"; } ); };
CONF
"$REPLD" check -c "$CONF" >"$TMP/check" 2>&1 || { cat "$TMP/check" >&2; fail "check finds blockers"; }

step 'what is there is loaded'
repld_start
loaded t
compare public.digit public.fruit public.pair public.uniq

step 'changes are streamed'
sql src "INSERT INTO fruit VALUES (2001, 'pear', 0.50, 'a'), (2002, 'plum', NULL, 'it''s a \\\\ b')"
sql src "UPDATE fruit SET name = 'green apple', note = 'changed' WHERE id < 10"
sql src "UPDATE fruit SET id = id + 5000 WHERE id BETWEEN 20 AND 29"
sql src "DELETE FROM fruit WHERE id BETWEEN 30 AND 49"
sql src "UPDATE pair SET b = 'y', v = v + 1 WHERE a < 5; DELETE FROM pair WHERE a = 9; INSERT INTO pair VALUES (9, 'z', NULL)"
synced t
compare public.fruit public.pair public.uniq

step 'keys and unique values change their rows'
sql src "BEGIN; UPDATE uniq SET u = -1 WHERE id = 1; UPDATE uniq SET u = 1001 WHERE id = 2; UPDATE uniq SET u = 1002 WHERE id = 1; COMMIT"
sql src "BEGIN; UPDATE uniq SET id = -5 WHERE id = 5; UPDATE uniq SET id = 5 WHERE id = 6; UPDATE uniq SET id = 6 WHERE id = -5; COMMIT"
sql src "BEGIN; DELETE FROM uniq WHERE id = 10; INSERT INTO uniq VALUES (10, 1010, 'again'); COMMIT"
synced t
compare public.uniq

step 'a transaction of 20,000 rows, one that is rolled back, a savepoint'
sql src "INSERT INTO ledger SELECT a.n * 10000 + b.n * 1000 + c.n * 100 + d.n * 10 + e.n, 1 FROM digit a CROSS JOIN digit b CROSS JOIN digit c
	CROSS JOIN digit d CROSS JOIN digit e WHERE a.n < 2"
sql src "BEGIN; UPDATE ledger SET v = 7; ROLLBACK"
sql src "BEGIN; INSERT INTO ledger VALUES (900001, 1); SAVEPOINT s; INSERT INTO ledger VALUES (900002, 1); ROLLBACK TO SAVEPOINT s; INSERT INTO ledger VALUES (900003, 1); COMMIT"
synced t
compare public.ledger

step 'TRUNCATE empties the table in its place'
sql src "INSERT INTO pair VALUES (77, 'before', 1)"
sql src 'TRUNCATE TABLE pair'
sql src "INSERT INTO pair VALUES (78, 'after', 2)"
synced t
compare public.pair

step 'a restart goes on where it was'
repld_stop
sql src "INSERT INTO fruit VALUES (3001, 'while down', 4, NULL); UPDATE fruit SET price = 9 WHERE id = 2001"
repld_start
synced t
compare public.fruit

step 'kills in the middle of a stream'
writer() {
	i=0
	while [ $i -lt 300 ]; do
		i=$((i + 1))
		echo "INSERT INTO ledger VALUES ($((1000000 + i)), $i); UPDATE fruit SET price = $i WHERE id = $((i % 20 * 50));"
	done
}
writer >"$TMP/writer.sql"
sqlf src "$TMP/writer.sql" >/dev/null &
WRITER=$!
JOBS_PIDS="$JOBS_PIDS $WRITER"
for round in 1 2 3; do
	sleep 0.3
	repld_kill
	repld_start
done
wait $WRITER || fail 'the writer failed'
synced t
compare public.ledger public.fruit
expect_no_text '(^| )error task=' "$TMP/repld.log"
repld_stop
