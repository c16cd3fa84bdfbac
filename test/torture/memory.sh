#!/bin/sh
# Memory and disk: the simulator with each allocation failing in turn; a sample of allocations and system calls failing on real servers; a target and a
# log without room; large transactions and rows against the stated cap.
#	memory.sh		STEPS='alloc samples full large' SEEDS=100 EACH=1 ROWS=5000000 ROW_MB=64
. "$TOP/test/torture/lib.sh"
STEPS=${STEPS:-alloc samples full large}
EACH=${EACH:-1}
here=$TOP/test/torture/memory
rc=0

run() {				# SCRIPT NAME=VALUE...: its last lines into the table, those that begin with a direction
	script=$1
	shift
	out=$O/torture-memory-$script.log
	if env "$@" sh "$here/$script.sh" >"$out" 2>&1; then
		grep -E '^[a-z]+ > [a-z]+: ' "$out" >"$out.lines" || :
		while read -r line; do
			result "$line"
		done <"$out.lines"
	else
		result "$script $*: FAILED"
		tail -n 60 "$out"
		rc=1
	fi
}

# ---- each allocation of the simulator's task ------------------------------------------------------------------------------------

alloc() {
	"$O/faults/test/sim/sim" -s "${FIRST:-1}" -n "${SEEDS:-100}" -a 1 -j 2 >"$O/torture-memory-alloc.txt" || rc=1
	grep -v '^[a-z]*\.' "$O/torture-memory-alloc.txt"
	result "$(sed -n 's/^\([0-9]* allocations failed, one a run\)$/\1/p' "$O/torture-memory-alloc.txt") in ${SEEDS:-100} seeds:" \
		"$(sed -n 's/^\([0-9]* seeds, [0-9]* failed\): .*/\1/p' "$O/torture-memory-alloc.txt" | sed 's/seeds/runs/')"
}

# ---- places spread over a round ---------------------------------------------------------------------------------------------------

spread() {			# TIMES FIRST STEP: numbers that grow
	seq "$2" "$3" "$(($2 + ($1 - 1) * $3))"
}

places() {			# of one direction: some 90 for EACH=1
	for at in $(spread $((30 * EACH)) 3 $((8 / EACH + 1))); do echo "mem:$at"; done
	for at in $(spread $((4 * EACH)) 9 $((170 / EACH))); do
		for what in ECONNRESET EIO EINTR ENOMEM SHORT; do echo "recv:$at:$what"; done
		for what in ECONNRESET EINTR SHORT; do echo "send:$((at + 5)):$what"; done
	done
	for at in 1 2 5; do
		for what in EIO ENOSPC EINTR; do echo "write:$at:$what"; done
	done
	for at in 1 2; do echo "mmap:$at:ENOMEM"; echo "read:$at:EINTR"; echo "read:$at:EIO"; done
	echo all:0:SHORT
}

places_of_first() {		# of the daemon's first process
	for at in 1 2 3 20 80; do
		for what in EIO EINTR SHORT; do echo "recv:$at:$what"; echo "write:$at:$what"; done
		for what in ECONNRESET EINTR SHORT; do echo "send:$at:$what"; done
	done
	for at in 1 2 3 4 5 6; do echo "open:$at:EMFILE"; echo "mmap:$at:ENOMEM"; echo "read:$at:EIO"; echo "read:$at:EINTR"; done
	# To its worker. libpq takes a send that fails for one whose connection ends, and waits for that end: in a worker only ECONNRESET is true to life.
	echo send:1:ENOMEM
	echo all:0:SHORT
}

samples() {
	for kind in postgresql mariadb; do
		run samples SRC_KIND=$kind DST_KIND=$kind SAMPLES="$(places | tr '\n' ' ')"
		mv "$O/torture-memory-samples.log" "$O/torture-memory-samples-$kind.log"
	done
	run samples SAMPLES="$(places_of_first | sed 's/^/any:/' | tr '\n' ' ')"
}

full() { run full; }

large() { run large ROWS="${ROWS:-5000000}" ROW_MB="${ROW_MB:-64}"; }

for part_step in $STEPS; do
	"$part_step"
done
exit $rc
