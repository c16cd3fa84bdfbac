# lib.sh - what several of the long proofs share, above test/system/lib.sh: heartbeats that measure lag without repld, content by hash.
# Sourced in place of test/system/lib.sh by a POSIX sh script that knows TOP. The short forms in test/system source whole scripts of this
# folder with smaller figures.

. "$TOP/test/system/lib.sh"

# A script of \watch, whose rows go to a file; ends with the server or by watching_stop, without a word.
watching() {			# NAME SCRIPT OUTPUT
	exec 2>/dev/null
	psql_of "$1" -At -o "$3" -f "$2" || :
}

watching_stop() {		# PID
	kill $(children_of "$1") 2>/dev/null || :
	wait "$1" || :
}

# ---- heartbeats: the truth about lag -----------------------------------------------------------------------------------

# A row each 100 ms, which says when it was committed; every one is a transaction of its own.
heartbeat_make() {
	sql src 'CREATE TABLE heartbeat (at timestamptz PRIMARY KEY)'
	echo 'INSERT INTO heartbeat VALUES (clock_timestamp()) \watch 0.1' >"$TMP/heartbeat.sql"
}

heartbeat_start() {		# its pid is in $HEART
	background watching src "$TMP/heartbeat.sql" /dev/null
	HEART=$BG
}

heartbeat_stop() { watching_stop "$HEART"; }

# Milliseconds since the oldest heartbeat that the target lacks was committed; 0 where it lacks none.
heartbeat_lag() {
	hl_last=$(sql $DST "SELECT coalesce(max(at), '-infinity') FROM heartbeat")
	sql src "SELECT coalesce(extract(epoch FROM clock_timestamp() - min(at)) * 1000, 0)::int FROM heartbeat WHERE at > '$hl_last'"
}

# The target's newest heartbeat, each 100 ms, into a file: when a heartbeat came is known afterwards to that much.
heartbeat_watch() {		# FILE: the pid is in $HEARTWATCH
	echo "SELECT extract(epoch FROM clock_timestamp()), extract(epoch FROM max(at)) FROM heartbeat \\watch 0.1" >"$TMP/heartwatch.sql"
	background watching $DST "$TMP/heartwatch.sql" "$1"
	HEARTWATCH=$BG
}

# Of the heartbeats committed since then, the one that took longest to the target: milliseconds. One that is still missing counts until now.
heartbeat_slowest() {		# FILE SINCE
	sql src "SELECT extract(epoch FROM at) FROM heartbeat WHERE extract(epoch FROM at) >= $2 ORDER BY at" >"$TMP/heartbeats"
	sleep 0.5
	awk -F '|' '
	NR == FNR { beat[++n] = $1; next }
	$1 + 0 > 0 {
		last = $1
		for (; i < n && beat[i + 1] <= $2; i++) if ($1 - beat[i + 1] > most) most = $1 - beat[i + 1]
	}
	END { if (i < n && last - beat[i + 1] > most) most = last - beat[i + 1]; print (n ? int(most * 1000) : "no heartbeat") }' "$TMP/heartbeats" "$1"
}

# ---- writers that only we end --------------------------------------------------------------------------------------------------

writers_gone() { [ "$(sql src "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'pgbench'")" = 0 ]; }

writers_end() {			# PID: again and again, since they may be just connecting
	sql src "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'pgbench'"
	gone "$1"
}

writers_stop() {		# PID of what runs them: their sessions end, between two transactions or within one
	running "$1" || { cat "$TMP/bench.log" >&2; fail 'the writers have ended before'; }
	wait_for 30 writers_end "$1" || fail 'the writers do not end'
	wait "$1" || :
	wait_for 20 writers_gone || fail 'sessions of writers outlive pgbench'
}

# ---- what the status says ------------------------------------------------------------------------------------------------

# lag.seconds in milliseconds; null stays null.
lag_said() { task_get "${1:-t}" lag.seconds | awk '{ print $1 == "null" ? $1 : int($1 * 1000 + 0.5) }'; }

# How far a number lies outside of what was true before and what was true after.
off_by() {			# BEFORE AFTER SAID
	awk -v a="$1" -v b="$2" -v s="$3" 'BEGIN {
		if (a > b) { t = a; a = b; b = t }
		print (s < a ? a - s : (s > b ? s - b : 0)) }'
}

# ---- content by hash, where millions of rows would take long to sort ---------------------------------------------------------

# Rows, and the sum of a hash of each: equal multisets of rows have equal sums, whatever the order.
fingerprint() {			# NAME TABLE
	fp_cols=$(sql "$1" "SELECT string_agg(quote_ident(attname), ',' ORDER BY attname COLLATE \"C\") FROM pg_attribute
		WHERE attrelid = '$2'::regclass AND attnum > 0 AND NOT attisdropped")
	sql "$1" "SELECT count(*) || ' rows, ' || coalesce(sum(hashtextextended(ROW($fp_cols)::text, 0)), 0) || ' ' ||
		coalesce(sum(hashtextextended(ROW($fp_cols)::text, 1)), 0) FROM $2"
}

compare_hash() {
	for ch_table in "$@"; do
		ch_src=$(fingerprint src "$ch_table") ch_dst=$(fingerprint $DST "$ch_table")
		if [ "$ch_src" != "$ch_dst" ]; then
			say "$ch_table: source $ch_src; target $ch_dst" >&2
			compare "$ch_table"		# names the rows
			fail "$ch_table differs by hash and not by content"
		fi
		say "   equal: $ch_table, $ch_src"
	done
}
