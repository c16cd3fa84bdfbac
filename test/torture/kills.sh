#!/bin/sh
# Kill loops on real servers, in each pair of PostgreSQL and MariaDB: worker, daemon, source and target die at random times, a third of them while
# tables are loaded, under a mixed load of at least 300 source transactions a second (key changes, swaps of unique values, savepoints, rollbacks, large
# values, transfers). Nothing may be lost or doubled, by ledger, sum of the bank and content, and no hand is needed.
#	KILLS=200 RATE=300 OFFERED=500 ROWS=150000 SEED=N DIRECTIONS='postgresql-mariadb ...' kills.sh
#	SRC_KIND=mariadb DST_KIND=postgresql kills.sh		one pair
# Servers die by kill -9, or half of the times by an immediate stop (PostgreSQL) and a third of the times by SIGTERM (MariaDB). The times of all kills
# and what the task was at stand in $O/torture-kills-PAIR.log.
: "${TOP:=$(cd "$(dirname "$0")/../.." && pwd)}"
if [ -z "${SRC_KIND:-}" ]; then
	rc=0
	for pair in ${DIRECTIONS:-postgresql-postgresql postgresql-mariadb mariadb-postgresql mariadb-mariadb}; do
		SRC_KIND=${pair%-*} DST_KIND=${pair#*-} TOP=$TOP sh "$0" || rc=1
	done
	exit $rc
fi
. "$TOP/test/long/lib.sh"
. "$TOP/test/torture/lib.sh"
needs
kills=${KILLS:-200} rate=${RATE:-300} offered=${OFFERED:-500} rows=${ROWS:-150000} seed=${SEED:-$(random 1000000)} clients=${CLIENTS:-8}
pair=$SRC_KIND-$DST_KIND
diary=$O/torture-kills-$pair.log
say "$pair: seed $seed, $kills kills, $offered transactions a second are offered"
: >"$diary"

options_of() { case $1 in postgresql) echo max_wal_size=2GB ;; *) echo innodb-buffer-pool-size=256M ;; esac; }
db_start src $(options_of "$SRC_KIND")
db_start dst $(options_of "$DST_KIND")
workload_make "$clients"
case $SRC_KIND in
postgresql)
	schema=public
	sql src "ALTER TABLE kv ALTER u TYPE varchar(60); CREATE TABLE big (id int PRIMARY KEY, v int NOT NULL, t varchar(400));
		INSERT INTO big SELECT g, 0, repeat('x', 300) FROM generate_series(1, $rows) g"
	echo "SELECT churn(:client_id + 1);
\\set id random(1, $rows)
UPDATE big SET v = v + 1 WHERE id = :id;" >"$TMP/churn.sql"
	;;
*)
	schema=$DB
	sql src "CREATE TABLE big (id int PRIMARY KEY, v int NOT NULL, t varchar(400)) ENGINE=InnoDB; CREATE TABLE halt (a int PRIMARY KEY) ENGINE=InnoDB;
		INSERT INTO big SELECT seq, 0, REPEAT('x', 300) FROM seq_1_to_$rows"
	cat >"$TMP/churn.sql" <<-SQL
		DELIMITER //
		CREATE PROCEDURE write_on(w int, rate double)
		BEGIN
			DECLARE begun datetime(6) DEFAULT SYSDATE(6);
			DECLARE done bigint DEFAULT 0;
			DECLARE ahead double DEFAULT 0;
			DECLARE one int;

			SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED;
			WHILE NOT EXISTS (SELECT 1 FROM halt) DO
				CALL churn(w);
				SET one = 1 + FLOOR(RAND() * $rows);
				UPDATE big SET v = v + 1 WHERE id = one;
				SET done = done + 1;
				SET ahead = done / rate - TIMESTAMPDIFF(MICROSECOND, begun, SYSDATE(6)) / 1e6;
				IF ahead > 0 THEN
					DO SLEEP(ahead);
				END IF;
			END WHILE;
		END//
	SQL
	sqlf src "$TMP/churn.sql"
	;;
esac

# Writes on and on; a crash of the source ends a client, not the writing. A turn of the loop is two transactions.
write_on() {
	while [ ! -e "$TMP/enough" ]; do
		case $SRC_KIND in
		postgresql) (exec_bench src "$TMP/churn.sql" -M prepared -T 7200 -c "$clients" -j 2 -R $((offered / 2))) ;;
		*) sql src "CALL write_on($1, $offered / 2.0 / $clients)" ;;
		esac >>"$TMP/bench.log" 2>&1 || :
		sleep 0.2
	done
}
write_all() {
	who=1
	[ "$SRC_KIND" = postgresql ] || while [ $who -lt "$clients" ]; do
		who=$((who + 1))
		write_on $who &
	done
	write_on 1
}
written() { sql src "SELECT (SELECT sum(n) FROM ledger_next) + (SELECT sum(v) FROM big)"; }

# ---- one kill ---------------------------------------------------------------------------------------------------------------

src_down_ms=0
kill_worker() {
	kw_end=$(($(date +%s) + 60))
	until worker=$(worker_pid t) && kill -9 "$worker" 2>/dev/null; do
		[ "$(date +%s)" -lt $kw_end ] || fail 'stuck: no worker'
		ctl restart t >/dev/null 2>&1 || :	# it has died often, and is waited for long
		sleep 0.1
	done
}
kill_daemon() {			# HOW: a share of a second until the next one
	repld_kill
	sleep "0.$(($1 % 10))"
	repld_start
}
# A MariaDB that was killed while it wrote its log leaves an event cut in its middle, and then sends no reader past it: not repld's to heal, and
# MySQL's own recovery cuts it off. A transaction that is cut between two events stays.
mend_log() {			# NAME
	[ "$1-$(kind_of "$1")" = src-mariadb ] || return 0
	helper binlog_tail
	"$HELPER" "$TMP/src/data/$(tail -n 1 "$TMP/src/data/binlog.index" | sed 's,.*/,,')" >>"$diary" || fail 'the log of the source is not what it should be'
}
crash() {			# src|dst HOW
	cr_begin=$(now_ms)
	case $(kind_of "$1")-$(($2 % 6)) in
	postgresql-[0-2]) pg_stop "$1" immediate ;;
	mariadb-[01]) db_stop "$1" ;;
	*) db_crash "$1"; mend_log "$1" ;;
	esac
	sleep "$(($2 % 2)).$(($2 % 10))"
	db_start "$1"
	[ "$1" != src ] || src_down_ms=$((src_down_ms + $(now_ms) - cr_begin))
}

note_phase() {			# of the table big, which is loaded again and again in the first third
	phase=$(table_get t "$schema.big" state) || phase=unknown
	[ "$(task_get t state)" != error ] || { ctl status t >&2; fail 'stuck: the task is in error, it waits for a hand'; }
	case $phase in
	queued | loading | loaded) phase=load ;;
	catch_up) ;;
	streaming) [ "$(task_get t state)" = running ] && phase=stream || phase='up' ;;
	*) phase='up' ;;
	esac
}

# Most of them meet a task that works, the others may meet one on its way up. Where all is loaded too soon, it is loaded again, beside the stream.
one_event() {			# NUMBER VICTIM DELAY HOW
	[ $(($4 % 4)) = 0 ] || wait_for 120 task_is t running || { ctl status t >&2; fail 'stuck: the task does not come back'; }
	sleep "$3"
	note_phase
	if [ "$1" -le "$in_load" ] && [ "$phase" = stream ]; then
		ctl resync t "$schema.big" "$schema.ledger" "$schema.kv" --yes >/dev/null 2>&1 && sleep "0.$(($4 % 10))"
		note_phase
	fi
	printf '%s %s: %s, in phase %s\n' "$(date -u +%T.%3N)" "$1" "$2" "$phase" >>"$diary"
	case $2 in
	worker) kill_worker ;;
	daemon) kill_daemon "$4" ;;
	*) crash "$2" "$4" ;;
	esac
	[ -z "${VERBOSE:-}" ] || tail -n 1 "$diary"
}
counted() { grep -c ": $1" "$diary" || :; }

awk -v seed="$seed" -v n="$kills" 'BEGIN {
	srand(seed)
	for (i = 1; i <= n; i++) {
		r = rand() * 10
		print i, r < 4 ? "worker" : r < 6 ? "daemon" : r < 8 ? "src" : "dst", sprintf("%.2f", rand() * 2), int(rand() * 1000)
	}
}' >"$TMP/events"
in_load=$((kills / 3))

# ---- the whole -----------------------------------------------------------------------------------------------------------------

conf_task t 'full_load: { max_rate = "1MB"; };'
begin=$(now_ms)
background write_all
writer=$BG
sleep 1
repld_start
step "$in_load kills during loads"
while read -r n victim delay how <&3; do
	one_event "$n" "$victim" "$delay" "$how"
	if [ "$n" -eq "$in_load" ]; then
		sed -i 's/max_rate = "1MB"/max_rate = ""/' "$CONF"
		wait_for 60 ctl reload || { ctl reload >&2; fail 'the configuration is not taken'; }
		joined t 600
		step 'the others during the stream'
	fi
done 3<"$TMP/events"
spent=$(($(now_ms) - begin))
: >"$TMP/enough"
case $SRC_KIND in
postgresql) writers_stop "$writer" ;;
*) sql src 'INSERT INTO halt VALUES (1)'; wait_for 60 gone "$writer" || fail 'the writers do not end' ;;
esac
made=$(written)

step 'it comes back by itself, and both sides are equal'
ended=$(now_ms)
synced t 600
caught_up=$(($(now_ms) - ended))
joined t 300
workload_compare
compare public.big
expect task running "$(task_get t state)"
expect_no_text '(^| )error task=' "$TMP/repld.log"
repld_stop
up_ms=$((spent - src_down_ms))
result "$pair: $kills kills ($(counted worker) of the worker, $(counted daemon) of the daemon, $(counted src) of the source, $(counted dst) of the target;" \
	"$(grep -c 'phase load' "$diary") in load, $(grep -c 'phase catch_up' "$diary") in catch-up, $(grep -c 'phase stream' "$diary") in stream," \
	"$(grep -c 'phase up' "$diary") on the way up) in $((spent / 1000)) s, $((made * 1000 / up_ms)) transactions a second while the source was up," \
	"level $caught_up ms after the last: 0 lost, 0 doubled; seed $seed"
[ $((made * 1000 / up_ms)) -ge "$rate" ] || fail "the source made fewer than $rate transactions a second"
