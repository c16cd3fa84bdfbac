#!/bin/sh
# Memory against the stated cap (ring_size + 64 MB, and four times a row's size while a row larger than 4 MB is in hand): one transaction of ROWS rows,
# three large transactions written at once, rows of ROW_MB.
#	PAIRS='postgresql-postgresql mysql-postgresql' ROWS=5000000 ROW_PAIRS='postgresql-postgresql mysql-mysql mariadb-mariadb' ROW_MB=64 large.sh
TOP=${TOP:-$(cd "$(dirname "$0")/../../.." && pwd)}
. "$TOP/test/long/lib.sh"
PAIRS=${PAIRS-postgresql-postgresql mysql-postgresql}
ROW_PAIRS=${ROW_PAIRS-postgresql-postgresql mysql-mysql mariadb-mariadb}
rows=${ROWS:-5000000} row_mb=${ROW_MB:-64} ring=${RING:-64}

servers_of() {			# SOURCE-TARGET
	SRC_KIND=${1%-*} DST_KIND=${1#*-}
	needs
	case $SRC_KIND in
	postgresql) db_start src shared_buffers=256MB max_wal_size=4GB logical_decoding_work_mem=64kB ;;
	*) db_start src innodb-buffer-pool-size=512M max-binlog-size=1G binlog-cache-size=1M ;;
	esac
	case $DST_KIND in
	postgresql) db_start dst shared_buffers=256MB max_wal_size=4GB ;;
	*) db_start dst innodb-buffer-pool-size=512M ;;
	esac
}

servers_end() {
	repld_stop
	db_halt src
	db_halt dst
	rm -rf "$TMP/src" "$TMP/dst"
	SERVERS=''
}

peak_mb() { echo $((($(peak_kb "$(worker_pid t)") + 1023) / 1024)); }
forget_peak() { echo 5 >"/proc/$(worker_pid t)/clear_refs"; }	# the peak begins again at what is held now

cap() {				# MB: the bound
	peak=$(peak_mb)
	say "   the worker's peak: $peak MB; the bound: $1 MB"
	[ $SLOW != 1 ] || [ "$peak" -le "$1" ] || fail "the worker's peak memory is $peak MB, over $1 MB"
}

same() {			# count and sums of hashes, by SQL that all servers have alike
	for where in src dst; do
		sql $where "SELECT count(*), sum(id), sum(v), sum(length(t)), min(t), max(t) FROM big"
	done | sed 's/\.0*$//' | sort -u >"$TMP/same"
	[ "$(wc -l <"$TMP/same")" = 1 ] || { cat "$TMP/same" >&2; fail 'big differs'; }
}

numbers() {			# FROM TO: of INSERT INTO big
	case $SRC_KIND in
	postgresql) echo "SELECT g, 0, md5(g::text) || md5((-g)::text) FROM generate_series($1, $2) g" ;;
	mariadb) echo "SELECT seq, 0, concat(md5(seq), md5(-seq)) FROM seq_${1}_to_$2" ;;
	*) echo "SELECT a.n + b.n * 10000 + $1, 0, sha2(a.n + b.n * 10000, 256) FROM tenthousand a CROSS JOIN tenthousand b WHERE a.n + b.n * 10000 <= $2 - $1 AND b.n <= ($2 - $1) DIV 10000" ;;
	esac
}

make_big() {
	sql src 'CREATE TABLE big (id int PRIMARY KEY, v int, t text)'
	[ "$SRC_KIND" = mysql ] || return 0
	sql src "CREATE TABLE tenthousand (n int PRIMARY KEY); SET SESSION cte_max_recursion_depth = 10001;
		INSERT INTO tenthousand WITH RECURSIVE x AS (SELECT 0 AS n UNION ALL SELECT n + 1 FROM x WHERE n < 9999) SELECT n FROM x"
}

# Three writers with a transaction each, which they write in turns and commit in turn.
at_once() {			# ROWS EACH FROM
	ao_pids=''
	for ao in 1 2 3; do
		ao_from=$(($2 + (ao - 1) * $1))
		{
			echo 'BEGIN;'
			for part in 0 1 2 3 4 5 6 7 8 9; do
				echo "INSERT INTO big $(numbers $((ao_from + part * $1 / 10)) $((ao_from + (part + 1) * $1 / 10 - 1)));"
			done
			case $SRC_KIND in postgresql) echo "SELECT pg_sleep($ao);" ;; *) echo "SELECT SLEEP($ao);" ;; esac
			echo 'COMMIT;'
		} >"$TMP/at_once.$ao.sql"
		background sqlf src "$TMP/at_once.$ao.sql" >/dev/null
		ao_pids="$ao_pids $BG"
	done
	for ao in $ao_pids; do wait "$ao" || fail 'a writer failed'; done
}

one_transaction() {		# SOURCE-TARGET
	servers_of "$1"
	make_big
	conf_task t "staging: { ring_size = \"${ring}MB\"; };"
	repld_start
	loaded t
	pid=$(worker_pid t)

	step "$1: one transaction of $rows rows"
	sql src "INSERT INTO big $(numbers 1 "$rows")"
	begin=$(now_ms)
	synced t 1500
	took=$(($(now_ms) - begin))
	cap $((ring + 64))
	one=$peak
	same

	step "$1: three transactions of $((rows / 10)) rows at once"
	forget_peak
	at_once $((rows / 10)) $((rows + 1))
	synced t 600
	cap $((ring + 64))
	same
	expect 'the same worker' "$pid" "$(worker_pid t)"
	say "$SRC_KIND > $DST_KIND: one transaction of $rows rows, $one MB at most, $((took / 1000)) s behind its commit; three of $((rows / 10)) rows at once, $peak MB;" \
		"the bound $((ring + 64)) MB"
	servers_end
}

large_rows() {			# SOURCE-TARGET
	servers_of "$1"
	case $SRC_KIND in postgresql) type=text ;; *) type=longtext ;; esac
	sql src "CREATE TABLE big (id int PRIMARY KEY, v int, t $type)"
	conf_task t "staging: { ring_size = \"${ring}MB\"; };"
	repld_start
	loaded t
	pid=$(worker_pid t)

	step "$1: rows of $row_mb MB"
	for id in 1 2 3; do
		sql src "INSERT INTO big VALUES ($id, 0, repeat('abcdefghijklmno$id', $((row_mb * 65536))))"
	done
	sql src "UPDATE big SET v = 1, t = concat(t, 'x') WHERE id = 1; DELETE FROM big WHERE id = 2"
	synced t 300
	cap $((ring + 64 + 4 * row_mb))
	rows_peak=$peak
	same

	step "$1: and behind them"
	sleep "${AFTER:-12}"
	held=$(awk '/^VmRSS:/ { print int($2 / 1024) }' "/proc/$pid/status")
	forget_peak
	sql src 'INSERT INTO big SELECT id + 10, 0, NULL FROM big'
	synced t 60
	cap $((ring + 64))
	same
	expect 'the same worker' "$pid" "$(worker_pid t)"
	say "$SRC_KIND > $DST_KIND: rows of $row_mb MB, $rows_peak MB at most, the bound $((ring + 64 + 4 * row_mb)) MB; $held MB held behind them," \
		"the bound $((ring + 64)) MB"
	servers_end
}

for pair in $ROW_PAIRS; do
	large_rows "$pair"
done
for pair in $PAIRS; do
	one_transaction "$pair"
done
