# lib.sh - what the parts share. Sourced by a POSIX sh script that run.sh has started.

part=$(basename "$0" .sh)

result() {			# TEXT: a line of the table
	echo "$TORTURE_COMMIT $part: $*" | tee -a "$TORTURE"
}

# The names of all fault points, as the code has them.
fault_points() {
	(cd "$TOP" && grep -rhoE 'FAULT\("[a-z._]+"|return "handover\.[a-z]+"' daemon endpoints staging cdc) | sed 's/.*"\([a-z._]*\)"/\1/' | sort -u
}
