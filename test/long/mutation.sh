#!/bin/sh
# Every small edit that test/long/mutate.awk knows, in the files that hold checkpoint, progress, hand-over, ring and sets of GTIDs: the unit test of
# the file and the simulator must notice it. An edit that does not compile does not count; one that survives for a reason is named with it in
# mutation-survivors.txt (FILE TAB KIND TAB WHAT TAB REASON). Prints those that survive and a line for each file; exit 1 below 90 %.
#	sh test/long/mutation.sh [FILE...]	(JOBS=2 SEEDS=400; EVERY=10: each tenth only)
set -u
TOP=$(cd "$(dirname "$0")/../.." && pwd)
O=${O:-$TOP/build}
WORK=$O/mutation
JOBS=${JOBS:-2} SEEDS=${SEEDS:-400} EVERY=${EVERY:-1}
export LC_ALL=C
KNOWN=$TOP/test/long/mutation-survivors.txt

[ $# -gt 0 ] || set -- staging/checkpoint.c staging/progress.c daemon/handover.c staging/ring.c cdc/gtid.c cdc/gtid_bytes.c staging/gtid_track.c

unit_of() {			# FILE: its unit test; empty where it has none
	case $1 in
	cdc/gtid_bytes.c) echo test_gtid ;;
	*) u=test_$(basename "$1" .c); [ ! -e "$TOP/test/unit/$u.c" ] || echo "$u" ;;
	esac
}

# Some edits make a test wait for what does not come any more.
notices() {			# UNIT: true where a test fails
	if ! timeout -k 2 40 ../out/test/sim/sim -n "$SEEDS" >../sim.log 2>&1; then
		echo "sim: $(head -n 1 ../sim.log | cut -c 1-100)"
		return 0
	fi
	[ -z "$1" ] || CK_DEFAULT_TIMEOUT=10 timeout -k 2 60 "../out/test/unit/$1" >../unit.log 2>&1 || { echo "$1"; return 0; }
	return 1
}

build() { make -s O=../out FAULTS=1 CFLAGS='-O1 -g0 -w' "$@" >../build.log 2>&1; }

worker() {			# N FILE: its share of the file's edits
	cd "$WORK/$1/tree" || exit 2
	wo_unit=$(unit_of "$2")
	wo_targets=../out/test/sim/sim
	[ -z "$wo_unit" ] || wo_targets="$wo_targets ../out/test/unit/$wo_unit"
	cp "$2" ../whole.c
	build $wo_targets || { tail ../build.log; exit 2; }
	! notices "$wo_unit" || { echo "fails without an edit" >&2; exit 2; }
	awk -F '\t' -v n="$1" -v jobs="$JOBS" -v every="$EVERY" 'NR % every == 0 && NR / every % jobs == n { print $1 }' "$WORK/edits" |
	while read -r wo_pick; do
		awk -v pick="$wo_pick" -f "$TOP/test/long/mutate.awk" ../whole.c >"$2"
		if ! build $wo_targets; then
			wo_how='does not compile'
		elif wo_by=$(notices "$wo_unit"); then
			wo_how="noticed by $wo_by"
		else
			wo_how=survived
		fi
		printf '%s\t%s\n' "$wo_pick" "$wo_how" >>"$WORK/$1/results"
	done
	cp ../whole.c "$2"
}

one_file() {			# FILE
	awk -f "$TOP/test/long/mutate.awk" "$TOP/$1" >"$WORK/edits"
	i=0
	while [ $i -lt "$JOBS" ]; do
		: >"$WORK/$i/results"
		worker $i "$1" &
		i=$((i + 1))
	done
	wait
	cat "$WORK"/[0-9]*/results | sort -n >"$WORK/all"
	awk -F '\t' -v file="$1" '
		FILENAME == ARGV[1] { reason[$1 FS $2 FS $3] = $4; next }
		FILENAME == ARGV[2] { kind[$1] = $2; line[$1] = $3; what[$1] = $4; next }
		$2 == "does not compile" { none++; next }
		{ count++ }
		$2 != "survived" { noticed++; next }
		(file FS kind[$1] FS what[$1]) in reason { known++; next }
		{ printf "  survived: %s:%d %s: %s\n", file, line[$1], kind[$1], what[$1] }
		END { printf "%s: %d edits, %d noticed (%.1f %%), %d survive for a reason; %d did not compile\n", file, count, noticed,
			count ? 100 * noticed / count : 0, known, none
			printf "%d\t%d\n", count, noticed >>"'"$WORK/sum"'" }
	' "$KNOWN" "$WORK/edits" "$WORK/all"
}

rm -rf "$WORK"/[0-9]*/tree "$WORK/sum"
i=0
while [ $i -lt "$JOBS" ]; do
	mkdir -p "$WORK/$i/tree" "$WORK/$i/out"
	(cd "$TOP" && tar -cf - Makefile daemon cdc staging endpoints test man etc systemd) | (cd "$WORK/$i/tree" && tar -mxf -) || exit 2
	i=$((i + 1))
done
for file; do
	one_file "$file"
done
awk -F '\t' '{ c += $1; n += $2 } END { printf "all: %d edits, %d noticed: %.1f %%\n", c, n, 100 * n / c; exit n < 0.9 * c }' "$WORK/sum"
