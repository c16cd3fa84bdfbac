#!/bin/sh
# Plays all scenarios, four at a time (they wait more than they work); one line each, those that failed at the end
# with the end of their logs. Exit 1 on a failure.   run.sh [NAME...]   chooses.
set -u
cd "$(dirname "$0")/../.." || exit 2
: "${O:=build}"
player=$O/test/scenario/scenario
logs=$O/test/scenario/logs
export player logs
[ -x "$player" ] || { echo "$player is not built: make tests"; exit 1; }
rm -rf "$logs" && mkdir -p "$logs" || exit 1

play='
	name=$(basename "$1" .scn)
	if timeout -k 5 120 "$player" "$1" >"$logs/$name.log" 2>&1; then
		echo "ok   $name"
	else
		echo "$?" >"$logs/$name.failed"
		echo "FAIL $name"
	fi'
if [ $# -gt 0 ]; then
	for name; do echo "test/scenario/$name.scn"; done
else
	ls test/scenario/*.scn
fi | xargs -P 4 -n 1 sh -c "$play" play

failed=0 count=0
for log in "$logs"/*.log; do
	count=$((count + 1))
	[ -e "${log%.log}.failed" ] || continue
	failed=$((failed + 1))
	echo
	echo "$(basename "$log" .log): exit $(cat "${log%.log}.failed")"
	tail -n 12 "$log"
done
echo "$count scenarios, $failed failed"
[ "$failed" -eq 0 ]
