# lib.sh - what the parts share. Sourced by a POSIX sh script that run.sh has started.

part=$(basename "$0" .sh)

result() {			# TEXT: a line of the table
	echo "$TORTURE_COMMIT $part: $*" | tee -a "$TORTURE"
}

# The names of all fault points, as the code has them.
fault_points() {
	(cd "$TOP" && grep -rhoE 'FAULT\("[a-z._]+"|return "handover\.[a-z]+"' daemon endpoints staging cdc) | sed 's/.*"\([a-z._]*\)"/\1/' | sort -u
}

# The same script for each direction, SOURCE-TARGET, two at a time; its last line goes into the table. Fails where one fails.
two_at_a_time() {		# SCRIPT DIRECTION...
	tt_script=$1
	shift
	tt_out=$O/torture-$part
	rm -rf "$tt_out"
	mkdir -p "$tt_out"
	# shellcheck disable=SC2016
	printf '%s\n' "$@" | xargs -P 2 -I '{}' sh -c '
		SRC_KIND=${1%-*} DST_KIND=${1#*-} sh "$0" >"$2/$1.log" 2>&1; rc=$?
		echo "$1: exit $rc"
		[ $rc = 0 ] || { : >"$2/failed"; tail -n 60 "$2/$1.log"; }' "$tt_script" '{}' "$tt_out"
	for tt_direction; do
		result "$(tail -n 1 "$tt_out/$tt_direction.log")"
	done
	[ ! -e "$tt_out/failed" ]
}
