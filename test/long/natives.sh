#!/bin/sh
# The servers' own replication beside repld, on the same random workload of a million row changes: a MariaDB source with a MariaDB replica,
# repld to MariaDB and repld to PostgreSQL; a PostgreSQL source with a subscription, repld to PostgreSQL and repld to MariaDB. At the end all
# are equal by content.
# usage: test/long/natives.sh mariadb|postgresql     (ROWS=100000 CHANGES=1000000 RATE=0 SEED=; some 5 minutes)
# timeout: 3600
TOP=${TOP:-$(cd "$(dirname "$0")/../.." && pwd)}
SRC_KIND=${1:-${SRC_KIND:-mariadb}}
. "$TOP/test/long/lib.sh"
. "$TOP/test/long/lib_pairs.sh"
needs mariadb postgresql
rows=${ROWS:-100000} changes=${CHANGES:-1000000} rate=${RATE:-0}

case $SRC_KIND in
mariadb)
	own=manative schema=app
	db_start src tcp=yes innodb-buffer-pool-size=512M
	db_start manative innodb-buffer-pool-size=512M innodb-flush-log-at-trx-commit=2
	native_start() {
		sql manative "CHANGE MASTER TO MASTER_HOST = '127.0.0.1', MASTER_PORT = $(cat "$TMP/src/port"), MASTER_USER = 'repld_source',
			MASTER_USE_GTID = slave_pos, MASTER_CONNECT_RETRY = 1; START SLAVE"
	}
	native_level() { [ "$(sql manative "SELECT MASTER_GTID_WAIT('$end', 1)")" = 0 ]; }
	log_end() { sql src 'SELECT @@gtid_binlog_pos'; }
	native_says() { sql manative 'SHOW SLAVE STATUS\G'; }
	;;
postgresql)
	own=pgnative schema=public
	db_start src shared_buffers=256MB max_wal_size=4GB
	db_start pgnative shared_buffers=256MB max_wal_size=4GB
	native_start() {
		pairs_tables pgnative
		sql src 'CREATE PUBLICATION native FOR ALL TABLES'
		sql pgnative "CREATE SUBSCRIPTION native CONNECTION 'host=$TMP/src port=$PORT user=postgres dbname=$DB' PUBLICATION native"
	}
	native_level() {
		[ "$(sql pgnative "SELECT count(*) FROM pg_subscription_rel WHERE srsubstate <> 'r'")" = 0 ] &&
			[ "$(sql src "SELECT count(*) FROM pg_stat_replication WHERE application_name = 'native' AND flush_lsn >= '$end'")" = 1 ]
	}
	log_end() { sql src 'SELECT pg_current_wal_flush_lsn()'; }
	native_says() { sql pgnative 'SELECT * FROM pg_stat_subscription'; }
	;;
*) fail "no native replication for $SRC_KIND here" ;;
esac
db_start madst innodb-buffer-pool-size=512M
db_start pgdst shared_buffers=256MB max_wal_size=4GB
step "$SRC_KIND, seed $SEED: $rows rows, a native replica and two tasks"
pairs_tables src
pairs_fill src "$rows"
conf_write <<CONF
	m: { source = "src"; target = "madst"; tables = ( { include = "$schema.*"; } ); };
	p: { source = "src"; target = "pgdst"; tables = ( { include = "$schema.*"; } ); };
CONF
native_start
repld_start
loaded m 300
loaded p 300
end=$(log_end)
wait_for 300 native_level || { native_says >&2; fail 'the native replica is not level'; }

step "$changes row changes"
begin=$(now_ms)
: >"$GO"
writers_start "$changes" 0 "$rate"
# how long each took is known to a look at it; all three are waited for at once
level_at() {			# NAME COMMAND...
	la_name=$1
	shift
	"$@" && now_ms >"$TMP/level.$la_name"
}
while writers_write; do sleep 0.5; done
writers_wait
written=$(now_ms) end=$(log_end)
background level_at own wait_for 1800 native_level
a=$BG
background level_at m synced m 1800
b=$BG
background level_at p synced p 1800
wait "$a" || { native_says >&2; fail 'the native replica is not level'; }
wait "$b" && wait $BG || fail 'a task is not level'
took() { echo "$(($(cat "$TMP/level.$1") - written)) ms"; }

step 'no difference by content'
for DST in $own madst pgdst; do
	say "   $DST"
	pairs_ledger unordered
	compare public.digit public.doc public.bag public.ledger public.ledger_next public.big
done
expect_no_text '(^| )error task=' "$TMP/repld.log"
peak_m=$(($(peak_kb "$(worker_pid m)") / 1024)) peak_p=$(($(peak_kb "$(worker_pid p)") / 1024))
repld_stop
say "$SRC_KIND, seed $SEED: $CHANGED changes in $TRANSACTIONS transactions in $(((written - begin) / 1000)) s; level after the last:" \
	"native $(took own), repld to MariaDB $(took m) (peak $peak_m MB), repld to PostgreSQL $(took p) (peak $peak_p MB); all equal"
