#!/bin/sh
# The target is locked for 3 minutes while a MySQL or MariaDB source with net_write_timeout 5 s writes 200 MB of log: the dump session stays
# the same one, no event is lost, then it catches up.
# usage: test/long/locked-mysql.sh [SOURCE [TARGET]]     mysql, mariadb; postgresql, mysql, mariadb
#        (LOCKED=180 MBYTES=200 OPTIONS=)
# timeout: 900
TOP=${TOP:-$(cd "$(dirname "$0")/../.." && pwd)}
SRC_KIND=${1:-${SRC_KIND:-mysql}} DST_KIND=${2:-${DST_KIND:-postgresql}}
. "$TOP/test/long/lib.sh"
. "$TOP/test/long/lib_pairs.sh"
needs
locked=${LOCKED:-180} mbytes=${MBYTES:-200}

db_start src net-write-timeout=5
db_start dst
step "$SRC_KIND to $DST_KIND: the stream runs"
pairs_tables src
sql src 'CREATE TABLE fat (id int PRIMARY KEY, body longtext) ENGINE=InnoDB'
pairs_fill src 10000
pairs_ledger_target dst
conf_task t "${OPTIONS:-}"
repld_start
loaded t
dump_session() { sql src 'SHOW PROCESSLIST' | awk -F '|' '$5 ~ /^Binlog Dump/ { printf "%s%s", (n++ ? " " : ""), $1 }'; }
dump_state() { sql src 'SHOW PROCESSLIST' | awk -F '|' '$5 ~ /^Binlog Dump/ { print $7 }'; }
log_end() {			# bytes of all logs
	case $SRC_KIND-$MYVERSION in
	mysql-5.* | mariadb-*) sql src 'SHOW MASTER LOGS' ;;
	*) sql src 'SHOW BINARY LOGS' ;;
	esac | awk -F '|' '{ n += $2 } END { printf "%.0f\n", n }'
}
wait_for 20 test -n "$(dump_session)" || fail 'no dump session'
dump=$(dump_session) worker=$(worker_pid t) from=$(log_end)

step "the target is locked for $locked s, the source writes $mbytes MB"
case $DST_KIND in
postgresql) background psql_of dst -o /dev/null -c "BEGIN; LOCK TABLE big, fat IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep($locked); COMMIT" ;;
*) background mariadb_of dst -e "LOCK TABLES big WRITE, fat WRITE; DO SLEEP($locked); UNLOCK TABLES" ;;
esac
lock=$BG
sleep 0.5
: >"$GO"
writers_start $((locked * 200)) 0 250
fat_rows() {			# FROM: 1 MB of them, spread over the time
	echo "INSERT INTO fat SELECT $1 + a.n * 10 + b.n, repeat(concat('f', $1, '-', b.n), 1500) FROM digit a CROSS JOIN digit b;"
	echo "DO SLEEP($((locked * 700 / mbytes)) / 1000);"
}
n=0
while [ $n -lt "$mbytes" ]; do
	fat_rows $((n * 100))
	n=$((n + 1))
done >"$TMP/fat.sql"
background sqlf src "$TMP/fat.sql"
fat=$BG
held=0
while running "$lock"; do
	expect 'the dump session' "$dump" "$(dump_session)"
	expect 'the task' running "$(task_get t state)"
	[ "$(dump_state | grep -Eci 'sending to|sending binlog|writing to net')" = 0 ] || held=$((held + 1))
	say "   lag $(task_get t lag.seconds) s, $(task_get t lag.bytes) bytes; ring $(task_get t ring.used_bytes) of $(task_get t ring.size_bytes);" \
		"the dump: $(dump_state)"
	wait_for $((1 + locked / 12)) gone "$lock" || :
done
wait "$lock" || fail 'the lock failed'
begin=$(now_ms)
expect 'the dump session' "$dump" "$(dump_session)"
[ $held -gt 3 ] || fail 'the server has not waited with its sending: the ring held it all'
wait "$fat" || fail 'the writer of large rows failed'
writers_wait
logged=$((($(log_end) - from) / 1000000))

step 'then it catches up, over the same session and in the same process'
synced t 300
level_ms=$(($(now_ms) - begin))
expect 'the dump session' "$dump" "$(dump_session)"
expect 'worker' "$worker" "$(worker_pid t)"
peak=$(peak_kb "$worker")
pairs_ledger
sql dst 'CREATE VIEW ledger_seen AS SELECT n, who FROM ledger'
compare public.big public.fat public.doc public.bag 'public.ledger = public.ledger_seen' public.ledger_next
expect_no_text 'retry in|(^| )error task=' "$TMP/repld.log"
repld_stop
[ $logged -ge "$mbytes" ] || fail "the source wrote $logged MB of log, not $mbytes"
say "$SRC_KIND to $DST_KIND: locked for $locked s, net_write_timeout 5 s, $logged MB of log; the server waited with its sending at $held looks," \
	"one dump session; level $level_ms ms after the lock went; worker's peak $((peak / 1024)) MB"
