#!/bin/sh
# Captured tables are idle while others write 1 GB as fast as they can: the confirmed position is never both more than 64 MB and more than 10 s
# behind the source's end; 30 s after the writing ends the slot keeps less than 64 MB; a restart of daemon and source finds no hole.
# In three ways: many transactions, one huge transaction, and in another database of the cluster.
# usage: test/long/idle1g.sh     (MB=1024 WAYS="many one database"; some 4 minutes and 4 GB in TMPDIR)
# timeout: 1800
TOP=$(cd "$(dirname "$0")/../.." && pwd)
. "$TOP/test/long/lib.sh"
skip_if_no_server
mb=${MB:-1024} ways=${WAYS:-many one database}
kept_max=64				# MB
behind_max=10			# s

pg_start src max_wal_size=4GB
pg_start dst
sql src 'CREATE TABLE captured (id int PRIMARY KEY); INSERT INTO captured VALUES (0)'
sql src 'CREATE DATABASE elsewhere'
for db in app elsewhere; do
	DB=$db sql src 'CREATE TABLE other (id int, t text)'
done
conf_write <<'CONF'
	t: { source = "src"; target = "dst"; tables = ( { include = "public.captured"; } ); };
CONF
repld_start
loaded t

# One line each half second: time, end of the log, confirmed, restart, all in bytes.
cat >"$TMP/sample.sql" <<'SQL'
SELECT extract(epoch FROM clock_timestamp()), pg_current_wal_lsn() - '0/0', confirmed_flush_lsn - '0/0', restart_lsn - '0/0'
FROM pg_replication_slots WHERE slot_name = 'repld_t' \watch 0.5
SQL
# Behind at a sample: the bytes between end and confirmed, and the age of the first sample whose end is not confirmed yet.
figures() {			# FILE: most bytes, most seconds, and whether both limits were passed at once
	awk -F '|' -v mb=$kept_max -v s=$behind_max '
	NF == 4 {
		n++
		at[n] = $1
		end[n] = $2
		if (first == 0) first = 1
		while (first < n && end[first] <= $3) first++
		bytes = $2 - $3
		age = end[first] <= $3 ? 0 : $1 - at[first]
		if (bytes > most) most = bytes
		if (age > oldest) oldest = age
		if (bytes > mb * 1048576 && age > s) both++
	}
	END { printf "%d MB and %.1f s behind at most in %d samples%s\n", most / 1048576, oldest, n, both ? ", BOTH in " both : "" }' "$1"
}

write_many() {
	echo "INSERT INTO other SELECT g, repeat('x', 1000) FROM generate_series(1, 1000) g" >"$TMP/other.sql"
	exec_bench src "$TMP/other.sql" -t $((mb / 4)) -c 4 -j 2 >"$TMP/bench.log" 2>&1
}
write_one() { sql src "INSERT INTO other SELECT g, repeat('x', 1000) FROM generate_series(1, $mb * 1000) g"; }
write_database() {
	DB=elsewhere write_many
}

kept() { sql src "SELECT (pg_current_wal_lsn() - restart_lsn)::bigint FROM pg_replication_slots WHERE slot_name = 'repld_t'"; }
keeps_little() { [ "$(kept)" -lt $((kept_max * 1048576)) ]; }

one=0
round() {			# WAY
	step "$1: $mb MB of others' log while the captured table is idle"
	background watching src "$TMP/sample.sql" "$TMP/samples.$1"
	sampler=$BG
	begin_at=$(now_ms) begin=$(sql src "SELECT pg_current_wal_lsn()")
	background "write_$1"
	wait "$BG" || fail 'the writing failed'
	wrote_ms=$(($(now_ms) - begin_at))
	wrote=$(sql src "SELECT (pg_current_wal_lsn() - '$begin')::bigint / 1048576")
	say "   $wrote MB in $((wrote_ms / 1000)) s"
	[ "$wrote" -ge $((mb * 95 / 100)) ] || fail "only $wrote MB were written"
	ended=$(now_ms)
	wait_for 30 keeps_little || fail "30 s after the writing ended the slot keeps $(kept) bytes"
	settled=$(($(now_ms) - ended))
	watching_stop "$sampler"
	said=$(figures "$TMP/samples.$1")
	said="$said; $settled ms after the writing the slot kept less than $kept_max MB: $(kept) bytes"
	say "   $said"
	case $said in *BOTH*) fail "confirmed was too far behind: $said" ;; esac
	summary="${summary:-}$1: $wrote MB in $wrote_ms ms; $said
"
	step "$1: a restart of daemon and source finds no hole"
	repld_stop
	pg_stop src
	pg_start src
	one=$((one + 1))
	sql src "INSERT INTO captured VALUES ($one)"
	repld_start
	synced t
	compare public.captured
	step "$1: and one after crashes of both"
	repld_kill
	pg_kill src
	pg_start src
	repld_start
	sql src "UPDATE captured SET id = -id WHERE id = $one"
	synced t
	compare public.captured
	expect_no_text ' error ' "$TMP/repld.log"
}
for way in $ways; do
	round "$way"
done
repld_stop
printf '%s' "$summary"
