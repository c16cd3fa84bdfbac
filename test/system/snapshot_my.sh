# snapshot_my.sh - what a load reads is one moment of a MySQL or MariaDB source, by whatever right the account has, and the log behind it stays.
# Sourced by a test that has set SRC_KIND and sourced lib.sh.

needs
mysql() { [ "$SRC_KIND" = mysql ]; }
db_start src transaction-isolation=READ-COMMITTED	# fewer deadlocks among the writers
db_start dst
workload_make 8
fresh() {			# the target and the task begin anew
	sql dst 'DROP SCHEMA IF EXISTS repld CASCADE; DROP TABLE IF EXISTS acct, kv, ledger, ledger_next'
	: >"$TMP/repld.log"
}
under_load() {			# TEXT: a load while 8 clients write, exact
	step "$1"
	workload_start 12 8
	sleep 1
	repld_start
	loaded t
	workload_wait
	synced t
	workload_compare
	expect_no_text '(^| )error task=|retry in' "$TMP/repld.log"
	repld_stop
	fresh
}
task() { conf_write <<-CONF
	t: { source = "src"; target = "dst"; tables = ( { include = "app.*"; } ); full_load: { parallel_tables = 4; parallel_chunks = 2; }; };
	CONF
}
# While somebody is in the way: writers wait for 5 s at most, and it is said what the task waits for.
patient() {			# STATEMENT that is in the way for 14 s
	mariadb_of src -e "$1" >/dev/null &
	long=$!
	JOBS_PIDS="$JOBS_PIDS $long"
	sleep 1
	repld_start
	sleep 1
	worst=0 said=no i=0
	while [ $i -lt 12 ]; do
		i=$((i + 1)) begin=$(now_ms)
		sql src 'UPDATE acct SET bal = bal WHERE id = 1'
		took=$(($(now_ms) - begin))
		[ $took -le $worst ] || worst=$took
		! ctl status t 2>/dev/null | grep -q 'waiting for a moment without' || said=yes
		sleep 0.4
	done
	say "   the longest wait of a writer: $worst ms"
	[ $worst -lt "$2" ] || fail "a writer had to wait for $worst ms"
	[ $said = yes ] || fail 'the status does not say what it waits for'
	wait $long
	loaded t
	workload_compare
	repld_stop
	fresh
}

sql src "CREATE USER lesser@'%'; GRANT SELECT, REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO lesser@'%'"
task
if mysql; then
	under_load 'with the right to lock everything for a moment'
	sql src "GRANT LOCK TABLES ON app.* TO lesser@'%'"
	MYROLE=lesser
	task
	under_load 'with the right to lock tables only'
	sql src "REVOKE LOCK TABLES ON app.* FROM lesser@'%'"
	step 'without any such right: refused, with the GRANT'
	run_rc 1 "$REPLD" check -c "$CONF"
	expect_text 'may not lock' "$TMP/out"
	expect_text 'GRANT RELOAD ON' "$TMP/out"
	repld_start
	wait_state t error
	case $(task_get t error.remedy) in *'GRANT RELOAD ON'*) ;; *) fail 'no GRANT is named' ;; esac
	repld_stop
	fresh
	MYROLE=
	task
	step 'a long statement is in the way: others wait for 5 s at most, and it is said'
	patient 'UPDATE ledger_next SET n = n WHERE who = 1 AND SLEEP(14) = 0' 7000
else
	MYROLE=lesser
	task
	under_load 'without a lock: snapshots that agree'

	[ -x "${REPLD_FAULTY:-}" ] || fail 'no binary built with FAULTS=1'
	plain=$REPLD REPLD=$REPLD_FAULTY
	export REPLD_FAULT='snapshot.disagrees=error'
	step 'commits too fast for that, and no right to hold them up for a moment: the GRANT is named'
	repld_start
	wait_state t retrying
	case $(task_get t error.remedy) in *'GRANT RELOAD ON'*) ;; *) fail 'no GRANT is named' ;; esac
	repld_stop
	fresh
	MYROLE=
	task
	under_load 'commits are held up for a moment'
	step 'a backup is in the way: nobody waits for us, and it is said'
	patient 'BACKUP STAGE START; DO SLEEP(14); BACKUP STAGE END' 7000
	unset REPLD_FAULT
	REPLD=$plain
fi

step 'the log behind the snapshot is not purged while the load runs'
sql src 'CREATE TABLE wide (id int PRIMARY KEY, v longtext)'
i=0
while [ $i -lt 300 ]; do i=$((i + 1)); echo "INSERT INTO wide VALUES ($i, REPEAT('x', 20000));"; done >"$TMP/wide.sql"
sqlf src "$TMP/wide.sql"
conf_write <<CONF
	t: { source = "src"; target = "dst"; tables = ( { include = "app.*"; } ); full_load: { max_rate = "1MB"; }; };
CONF
repld_start
wait_for 20 phase_is t full_load || fail 'no load'
sleep 0.7
sql src "INSERT INTO wide VALUES (9001, 'during'); FLUSH BINARY LOGS; INSERT INTO wide VALUES (9002, 'during'); FLUSH BINARY LOGS"
last=$(sql src 'SHOW BINARY LOGS' | tail -n 1 | cut -d '|' -f 1)
phase_is t full_load || fail 'the load was too short for this'
sql src "PURGE BINARY LOGS TO '$last'" || :
loaded t
sql src "INSERT INTO wide VALUES (9003, 'after')"
synced t
compare public.wide
expect_no_text '(^| )error task=' "$TMP/repld.log"

step 'a table altered between snapshot and scan is loaded again'
repld_stop
fresh
sql dst 'DROP TABLE wide'
repld_start
wait_for 20 phase_is t full_load || fail 'no load'
sleep 0.7
phase_is t full_load || fail 'the load was too short for this'
sql src "ALTER TABLE wide ADD COLUMN more int DEFAULT 4; INSERT INTO wide VALUES (9004, 'altered', 5); ALTER TABLE kv ADD COLUMN more int DEFAULT 4" &
alter=$!
JOBS_PIDS="$JOBS_PIDS $alter"
settled() { task_is t error || ctl sync t --timeout 5; }
wait $alter
wait_for 90 settled || { ctl status t; fail 'neither loaded nor stopped'; }
if task_is t error; then
	say "   $(task_get t error.message); $(task_get t error.remedy)"
	[ -n "$(task_get t error.remedy)" ] || fail 'a stop without a remedy'
	sql dst 'ALTER TABLE wide ADD COLUMN IF NOT EXISTS more int DEFAULT 4; ALTER TABLE kv ADD COLUMN IF NOT EXISTS more int DEFAULT 4'
	ctl restart t
	wait_for 90 phase_is t cdc || fail 'it does not go on'
fi
synced t
compare public.wide public.kv
repld_stop
