# xa.sh - transactions of XA: what is prepared waits, through restarts and kills, and takes effect at its XA COMMIT, in whatever order those come.
# Sourced by a test that has set SRC_KIND and DST_KIND and sourced lib.sh.

needs
db_start src
db_start dst
sql src "CREATE TABLE acct (id int PRIMARY KEY, bal bigint NOT NULL) ENGINE=InnoDB;
	CREATE TABLE kinds (id int PRIMARY KEY, d decimal(20, 5), t varchar(60), b varbinary(60), e enum('x', 'y'), at datetime(6), f double,
		long_text longtext, u varchar(20) UNIQUE) ENGINE=InnoDB;
	CREATE TABLE nokey (a int, b varchar(20)) ENGINE=InnoDB;
	CREATE TABLE big (id int PRIMARY KEY, v int NOT NULL, pad varchar(600)) ENGINE=InnoDB;
	CREATE TABLE ledger (id int PRIMARY KEY, who int NOT NULL) ENGINE=InnoDB;
	CREATE TABLE plain (id int PRIMARY KEY, v int) ENGINE=InnoDB;
	CREATE TABLE boss (id int PRIMARY KEY, v int) ENGINE=InnoDB;
	CREATE TABLE staff (id int PRIMARY KEY, boss int, FOREIGN KEY (boss) REFERENCES boss (id) ON DELETE CASCADE ON UPDATE CASCADE) ENGINE=InnoDB;
	CREATE TABLE digit (n int PRIMARY KEY) ENGINE=InnoDB;
	INSERT INTO digit VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9);
	INSERT INTO acct SELECT a.n * 10 + b.n, 1000 FROM digit a CROSS JOIN digit b;
	INSERT INTO boss VALUES (1, 1), (2, 2), (3, 3);
	INSERT INTO staff VALUES (10, 1), (11, 1), (20, 2), (30, 3);
	INSERT INTO nokey VALUES (1, 'one'), (1, 'one'), (2, NULL);
	INSERT INTO kinds VALUES (1, -0.5, 'a', X'00ff', 'x', '2026-01-02 03:04:05.678901', 0.1, 'text', 'u1'), (2, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)"
conf_write <<CONF
	t: { source = "src"; target = "dst"; tables = ( { include = "$DB.*"; } ); staging: { ring_size = "4MB"; }; apply: { max_bytes = "1MB"; }; };
CONF
"$REPLD" check -c "$CONF" >"$TMP/check" 2>&1 || { cat "$TMP/check" >&2; fail "check finds blockers"; }
expect_no_text XA_RECOVER_ADMIN "$TMP/check"
repld_start
loaded t
TABLES='public.acct public.kinds public.nokey public.big public.ledger public.plain public.boss public.staff'
same() { synced t 120; compare $TABLES; }		# what is prepared is on neither side: nobody reads it before its commit
kept() { expect "transactions kept" "$1" "$(sql dst 'SELECT count(DISTINCT xid) FROM repld.prepared')"; }
prepared() { expect "prepared in the status" "$1" "$(task_get t apply.prepared)"; }
xa() { sql src "XA START $1; $2; XA END $1; XA PREPARE $1"; }	# NAME STATEMENTS

step 'what is prepared is not there; its commit brings it, behind what was committed meanwhile'
xa "'a'" "INSERT INTO plain VALUES (1, 1); UPDATE acct SET bal = bal + 5 WHERE id = 1; DELETE FROM acct WHERE id = 2"
sql src "INSERT INTO plain VALUES (2, 2); UPDATE acct SET bal = bal - 5 WHERE id = 3"
same
kept 1
prepared 1
[ "$(task_get t apply.prepared_bytes)" -gt 100 ] || fail "bytes kept: $(task_get t apply.prepared_bytes)"
sql src "XA COMMIT 'a'"
same
kept 0
prepared 0
expect 'the row of the XA transaction' 1 "$(sql dst 'SELECT v FROM plain WHERE id = 1')"

step 'one that is rolled back leaves nothing; its name is used again; two end in the other order; one phase'
xa "'a'" "INSERT INTO plain VALUES (3, 3); UPDATE kinds SET t = 'never'"
same
kept 1
sql src "XA ROLLBACK 'a'"
xa "'a'" "INSERT INTO plain VALUES (3, 33)"
xa "'b'" "INSERT INTO plain VALUES (4, 4); DELETE FROM plain WHERE id = 2"
sql src "XA COMMIT 'b'"
sql src "UPDATE plain SET v = v + 100 WHERE id IN (1, 4)"
same
sql src "XA COMMIT 'a'; XA START 'a'; UPDATE plain SET v = -v WHERE id < 4; XA END 'a'; XA COMMIT 'a' ONE PHASE"
xa "'a'" "UPDATE plain SET v = v * 2"
sql src "XA COMMIT 'a'; UPDATE plain SET v = v + 1"
same
kept 0

step 'names of any bytes, equal but for where they are parted; any format; as long as they may be'
LONG=$(printf '%064d' 7)
xa "X'00ff27',X'5c'" 'INSERT INTO plain VALUES (10, 1)'
xa "X'00ff',X'275c'" 'INSERT INTO plain VALUES (11, 1)'
xa "X'00ff',X'2700',2147483647" 'INSERT INTO plain VALUES (12, 1)'
xa "'$LONG','$LONG',5" 'INSERT INTO plain VALUES (13, 1)'
same
kept 4
sql src "XA COMMIT X'00ff',X'275c'; XA ROLLBACK X'00ff27',X'5c'"
same
kept 2
sql src "XA COMMIT '$LONG','$LONG',5; XA COMMIT X'00ff',X'2700',2147483647"
same
kept 0

step 'rows of all kinds; tables without a key; unique values and keys that move; foreign keys that act'
xa "'k'" "INSERT INTO kinds VALUES (3, 12345678901234.56789, 'Gr\\\\''n', X'00015c27', 'y', '1999-12-31 23:59:59.000001', 1e300, REPEAT('long ', 60000), 'u3'), (4, 0, '', X'', 'x', NULL, -0.0, '', 'u4');
	UPDATE kinds SET u = 'u0' WHERE id = 1; UPDATE kinds SET u = 'u1' WHERE id = 3; UPDATE kinds SET id = 5 WHERE id = 2;
	DELETE FROM nokey WHERE a = 1 LIMIT 1; UPDATE nokey SET b = 'two' WHERE a = 2; INSERT INTO nokey VALUES (1, 'one');
	DELETE FROM boss WHERE id = 1; UPDATE boss SET id = 22 WHERE id = 2; INSERT INTO staff VALUES (40, 3)"
sql src "INSERT INTO boss VALUES (9, 9); INSERT INTO staff VALUES (90, 9)"
same
sql src "XA COMMIT 'k'"
same
expect 'staff of the boss who went' 0 "$(sql dst 'SELECT count(*) FROM staff WHERE id IN (10, 11)')"

step 'larger than the ring: one is rolled back, one takes effect, one does in one phase'
ROWS="SELECT a.n * 1000 + b.n * 100 + c.n * 10 + d.n AS id FROM digit a CROSS JOIN digit b CROSS JOIN digit c CROSS JOIN digit d"
xa "'big'" "INSERT INTO big SELECT id, 0, REPEAT('x', 600) FROM ($ROWS) r; UPDATE acct SET bal = bal + 1 WHERE id = 50"
sql src "INSERT INTO plain VALUES (20, 20)"
synced t
[ "$(sql dst 'SELECT count(*) FROM repld.prepared')" -gt 2 ] || fail 'a large transaction is not kept in parts'
sql src "XA ROLLBACK 'big'"
xa "'big'" "INSERT INTO big SELECT id, 1, REPEAT('y', 600) FROM ($ROWS) r; UPDATE big SET v = 2 WHERE id % 3 = 0; DELETE FROM big WHERE id % 7 = 0"
sql src "INSERT INTO plain VALUES (21, 21); XA COMMIT 'big'"
same
kept 0
sql src "XA START 'one'; UPDATE big SET v = v + 10, pad = REPEAT('z', 600); INSERT INTO plain VALUES (22, 22); XA END 'one'; XA COMMIT 'one' ONE PHASE"
same
kept 0

step 'kill -9, an orderly stop and a crash of the source between XA PREPARE and XA COMMIT'
xa "'k1'" "INSERT INTO plain VALUES (30, 30); UPDATE big SET v = v + 1 WHERE id < 5000"
xa "'k2'" "INSERT INTO plain VALUES (31, 31)"
xa "'k3'" "INSERT INTO plain VALUES (32, 32)"
synced t
kept 3
repld_kill
sql src "INSERT INTO plain VALUES (33, 33); XA COMMIT 'k2'"
repld_start
synced t
kept 2
prepared 2
repld_stop
db_crash src
db_start src
sql src "XA COMMIT 'k1'; INSERT INTO plain VALUES (34, 34)"
repld_start
same
kept 1
sql src "XA ROLLBACK 'k3'"
same
kept 0

step 'kills while a large one comes back'
for round in 1 2 3 4; do
	xa "'r$round'" "UPDATE big SET v = v + $round, pad = REPEAT('$round', 500); UPDATE acct SET bal = bal + $round WHERE id < 90"
	synced t 120
	sql src "XA COMMIT 'r$round'; UPDATE plain SET v = v + $round"
	sleep 0.$((round * 2 % 5))
	repld_kill
	repld_start
done
same
kept 0

step 'many clients, each transaction ended by another session and later, while the daemon is killed'
client() {			# NUMBER: ends its transactions up to three behind, each fifth rolled back
	awk -v who="$1" 'function end(i) { print "XA " (i % 5 == 0 ? "ROLLBACK" : "COMMIT") " \x27c" who "\x27,\x27" i "\x27;" }
		BEGIN { for (i = 1; i <= 120; i++) {
			x = "\x27c" who "\x27,\x27" i "\x27"
			print "XA START " x "; INSERT INTO ledger VALUES (" who * 100000 + i ", " who "); UPDATE acct SET bal = bal + 1 WHERE id = " who * 10 + i % 4 ";"
			print "XA END " x "; XA PREPARE " x ";\n\\r"	# a session of MariaDB can do nothing else before the end of what it prepared
			if (i % 4 == 0) { print "DO SLEEP(0.1);"; end(i - 1); end(i - 3); end(i); end(i - 2) }
			print "INSERT INTO ledger VALUES (" who * 100000 + 50000 + i ", " who ");"
		} }'
}
PIDS=''
for who in 4 5 6; do
	client $who >"$TMP/client.$who"
	# the update waits for none of its own that is still prepared: four accounts, ended each four transactions
	{ sqlf src "$TMP/client.$who" >"$TMP/client.$who.out" 2>&1 || echo failed >"$TMP/client.failed"; } &
	PIDS="$PIDS $!"
	JOBS_PIDS="$JOBS_PIDS $!"
done
for round in 1 2 3 4; do
	sleep 0.4
	repld_kill
	repld_start
done
for pid in $PIDS; do
	wait "$pid"
done
[ ! -e "$TMP/client.failed" ] || { cat "$TMP"/client.*.out >&2; fail 'a client failed'; }
same
kept 0
expect 'entries of each client' 216 "$(sql dst 'SELECT count(*) FROM ledger WHERE who = 5')"
expect_no_text '(^| )error task=' "$TMP/repld.log"
repld_stop
