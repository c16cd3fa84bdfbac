# lib_pairs.sh - the workload that goes through every pair of servers: tables, writers, the ledger. Above test/long/lib.sh.
# The writers are test/system/pair_work.c; what each has committed it notes itself, so that no server is asked what should be there.

WRITERS=${WRITERS:-4}
SEED=${SEED:-$(random 1000000)}
GO=$TMP/go			# when it is there, the writers begin to count

# The same tables on every kind. ledger and bag have no key.
pairs_tables() {		# NAME
	case $(kind_of "$1") in
	postgresql) pt_at='timestamp(6)' pt_end='' ;;
	*) pt_at='datetime(6)' pt_end='ENGINE=InnoDB' ;;
	esac
	sql "$1" "CREATE TABLE digit (n int PRIMARY KEY) $pt_end;
		CREATE TABLE big (id bigint PRIMARY KEY, u bigint NOT NULL UNIQUE, v int NOT NULL, name varchar(40), d decimal(12, 2), f double precision,
			t text, at $pt_at) $pt_end;
		CREATE TABLE doc (k varchar(60) PRIMARY KEY, body text, n int NOT NULL) $pt_end;
		CREATE TABLE bag (who int NOT NULL, a int NOT NULL, b varchar(20)) $pt_end;
		CREATE INDEX bag_a ON bag (who, a);
		CREATE TABLE ledger (n bigint NOT NULL, who int NOT NULL) $pt_end;
		CREATE TABLE ledger_next (who int PRIMARY KEY, n bigint NOT NULL) $pt_end"
	[ "$(kind_of "$1")" != postgresql ] ||
		sql "$1" 'ALTER TABLE bag REPLICA IDENTITY FULL; ALTER TABLE ledger REPLICA IDENTITY FULL; ALTER TABLE doc ALTER body SET STORAGE EXTERNAL'
}

# Nine rows of ten in big, the others in doc.
pairs_fill() {			# NAME ROWS
	pf_second="'2024-01-01 00:00:00' + INTERVAL x.id SECOND"
	[ "$(kind_of "$1")" != postgresql ] || pf_second="timestamp '2024-01-01 00:00:00' + interval '1 second' * x.id"
	sql "$1" 'INSERT INTO digit VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9)'
	BIG=$(($2 * 9 / 10 / WRITERS * WRITERS)) DOC=$(($2 / 10)) pf_at=0
	pf_numbers='SELECT a.n * 10000 + b.n * 1000 + c.n * 100 + d.n * 10 + e.n + 1'
	pf_digits='FROM digit a CROSS JOIN digit b CROSS JOIN digit c CROSS JOIN digit d CROSS JOIN digit e'
	while [ $pf_at -lt $BIG ]; do
		sql "$1" "INSERT INTO big SELECT x.id, x.id, 0, lpad(concat('n', x.id), 32, 'abc-'), x.id * 0.37, x.id / 7e0,
			CASE WHEN x.id % 50 = 0 THEN repeat(lpad(concat('t', x.id), 32, 'abc-'), 20) END, $pf_second
			FROM ($pf_numbers + $pf_at AS id $pf_digits) x WHERE x.id <= $BIG"
		[ $pf_at -ge $DOC ] || sql "$1" "INSERT INTO doc SELECT concat('r', x.id), repeat(lpad(concat('d', x.id), 32, 'abc-'), 5), 0
			FROM ($pf_numbers + $pf_at AS id $pf_digits) x WHERE x.id <= $DOC"
		pf_at=$((pf_at + 100000))
	done
	pf_who=0
	while [ $pf_who -lt "$WRITERS" ]; do
		# the second one stays between the unique values of two writers: InnoDB locks the gaps beside values
		sql "$1" "INSERT INTO ledger_next VALUES ($pf_who, 0);
			INSERT INTO big (id, u, v) VALUES ($((1000000000 * (pf_who + 1))), $((-1000000000 * (pf_who + 1))), 0)"
		pf_who=$((pf_who + 1))
	done
}

# The target's ledger numbers its rows as they come.
pairs_ledger_target() {		# NAME
	case $(kind_of "$1") in
	postgresql) sql "$1" 'CREATE TABLE ledger (seq bigserial PRIMARY KEY, n bigint NOT NULL, who int NOT NULL)' ;;
	*) sql "$1" "CREATE TABLE ledger (seq bigint AUTO_INCREMENT PRIMARY KEY, n bigint NOT NULL, who int NOT NULL) ENGINE=InnoDB;
		GRANT TRIGGER ON app.* TO repld_target@'%'" ;;
	esac
}

# ---- writers ------------------------------------------------------------------------------------------------------------

writer_client() {
	case $(kind_of "$SRC") in
	postgresql) psql_of "$SRC" -o /dev/null -f - ;;
	*) mariadb_of "$SRC" -N -B ;;
	esac
}

writer_run() {			# WHO CHANGES LOAD-RATE RATE [large]
	wr_who=$1 wr_changes=$2 wr_slow=$3 wr_rate=$4
	shift 4
	helper pair_work
	"$HELPER" "$(kind_of "$SRC")" "$SEED" "$wr_who" $((BIG / WRITERS)) "$wr_changes" "$wr_slow" "$wr_rate" "$GO" "$TMP/account.$wr_who" "$@" |
		writer_client >"$TMP/writer.$wr_who.log" 2>&1
}

# Each is a client of its own. Rates are of all together; 0: as fast as they are taken.
writers_start() {		# CHANGES LOAD-RATE RATE
	helper pair_work
	WRITER_PIDS='' wt_who=0
	while [ $wt_who -lt "$WRITERS" ]; do
		wt_large=
		[ $wt_who != 1 ] || wt_large=large
		background writer_run $wt_who $(($1 / WRITERS)) $(($2 / WRITERS)) $(($3 / WRITERS)) $wt_large
		WRITER_PIDS="$WRITER_PIDS $BG"
		wt_who=$((wt_who + 1))
	done
}

writers_write() {		# succeeds while one of them does
	for ww_pid in $WRITER_PIDS; do
		! running "$ww_pid" || return 0
	done
	return 1
}

# TRANSACTIONS and CHANGED: what they have committed, CHANGED since GO.
writers_wait() {
	for ww_pid in $WRITER_PIDS; do
		wait "$ww_pid" || { cat "$TMP"/writer.*.log >&2; fail 'a writer failed'; }
	done
	cat "$TMP"/account.[0-9]* >"$TMP/accounts"
	expect 'accounts of writers' "$WRITERS" "$(wc -l <"$TMP/accounts")"
	TRANSACTIONS=$(awk '{ n += $1 } END { print n }' "$TMP/accounts")
	CHANGED=$(awk '{ n += $3 } END { print n }' "$TMP/accounts")
}

# The target's ledger holds what the writers say that they have committed: each number once, and those of the stream in their order.
pairs_ledger() {			# [unordered]
	pl_order='ORDER BY seq' pl_said=', in their order'
	[ "${1:-}" != unordered ] || pl_order='' pl_said=''	# a target that does not number them
	sql $DST "SELECT who, n FROM ledger $pl_order" >"$TMP/ledger.rows" || fail "can't read the ledger on $DST"
	cat "$TMP"/account.[0-9]* | awk -v ordered="$pl_order" '
	NR == FNR { has[FNR - 1] = $1; before[FNR - 1] = $2; writers = FNR; next }
	{
		split($0, a, "|")
		w = a[1] + 0; n = a[2] + 0
		if (!(w in has) || n < 1 || n > has[w]) { print "number " n " of writer " w " was never committed"; bad++ }
		else if (seen[w, n]++) { print "number " n " of writer " w " is there twice"; bad++ }
		else found[w]++
		if (ordered != "" && n > before[w]) {
			if (n <= last[w]) { print "number " n " of writer " w " stands behind " last[w]; bad++ }
			last[w] = n
		}
		if (bad > 10) exit
	}
	END {
		for (w = 0; w < writers; w++) if (found[w] != has[w]) { print "writer " w ": " found[w] + 0 " numbers of " has[w]; bad++ }
		exit bad > 0
	}' - "$TMP/ledger.rows" >"$TMP/ledger.bad" || { cat "$TMP/ledger.bad" >&2; fail 'the ledger is not exact'; }
	say "   ledger: $TRANSACTIONS transactions, each once$pl_said"
	rm -f "$TMP/ledger.rows"
}
