#!/bin/sh
# Each fourth allocation of memory that a task makes in a few runs of the simulator fails, one a run: it goes on by itself, to the same end. All of
# them: make torture PART=memory.
# timeout: 120
# faults: yes
TOP=$(cd "$(dirname "$0")/../.." && pwd)
. "$TOP/test/system/lib.sh"
sim=${REPLD_FAULTY%/repld}/test/sim/sim
[ -n "${REPLD_FAULTY:-}" ] && [ -x "$sim" ] || skip 'no simulator built with FAULTS=1'

step 'each fourth allocation of six runs'
"$sim" -s 1 -n 6 -a 4 -j 2 >"$TMP/said" || { grep -v '^[a-z]*\.' "$TMP/said" >&2; fail 'a run does not come to its end'; }
say "   $(head -n 2 "$TMP/said" | cut -d : -f 1 | tr '\n' ' ')"
[ "$(sed -n 's/^\([0-9]*\) allocations failed.*/\1/p' "$TMP/said")" -gt 1000 ] || fail 'hardly an allocation failed'
