#!/bin/sh
# The simulator (test/sim) on many seeds: none fails, and together they pass every fault point that lies in what it runs, and every step of the
# hand-over.	SEEDS=300000 FIRST=1 seeds.sh
. "$TOP/test/torture/lib.sh"
seeds=${SEEDS:-300000}
sim=$O/faults/test/sim/sim
out=$O/torture-seeds.txt

"$sim" -s "${FIRST:-1}" -n "$seeds" -j 2 >"$out"
rc=$?
cat "$out"
# What lies in the endpoints of real servers, and on the way of commands, is passed by points.sh.
for point in $(grep -rhoE 'FAULT\("[a-z._]+"|return "handover\.[a-z]+"' daemon | sed 's/.*"\([a-z._]*\)"/\1/' | grep -vE '^(ctl|pause|reload|stop)\.' | sort -u); do
	grep -q "^$point  *[1-9]" "$out" || { echo "fault point $point was never passed"; rc=1; }
done
result "$(sed -n 's/^\([0-9]* seeds, [0-9]* failed\): .*, \([0-9]* crashes\).*/\1; \2/p' "$out"), $(grep -c '^[a-z]*\.' "$out") fault points passed"
exit $rc
