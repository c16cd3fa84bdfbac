# lib.sh - what the parts share. Sourced by a POSIX sh script that run.sh has started.

part=$(basename "$0" .sh)

result() {			# TEXT: a line of the table
	echo "$TORTURE_COMMIT $part: $*" | tee -a "$TORTURE"
}
