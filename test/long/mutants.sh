#!/bin/sh
# Takes each rule of test/PROMISE.md out of the code, by the edit in test/mutants, and expects that one of the rule's tests
# fails then: a test that passes without its rule proves nothing. Works on a copy of the tree; not part of make check.
#	sh test/long/mutants.sh [P7 ...]	all, or the rules named (P7 takes P7.sed and P7-*.sed)
# One line each: the rule, the test that failed, how long both took, and what the test said. A mutant that survives, that does
# not build or whose edit changes nothing is a failure.
# Environment: O (the build folder), WRAP (a command put before each build and test: nice, flock FILE), QUICK=1 (no system tests).
set -u
TOP=$(cd "$(dirname "$0")/../.." && pwd)
O=${O:-$TOP/build}
WORK=$O/mutants
TREE=$WORK/tree
OUT=$WORK/out
CFLAGS=${CFLAGS:--O1 -g0}
WRAP=${WRAP:-}
QUICK=${QUICK:-}
export CFLAGS LC_ALL=C

now() { date +%s; }
die() { echo "$*" >&2; exit 2; }

# ---- the copy -----------------------------------------------------------------------------------------------------

# Times are kept, so that only what is new is compiled; what a former run edited is new.
copy_tree() {
	rm -rf "$TREE" "$WORK/kept" && mkdir -p "$TREE" "$OUT" || exit 2
	(cd "$TOP" && tar -cf - Makefile daemon cdc staging endpoints test man etc systemd) | (cd "$TREE" && tar -xf -) || exit 2
	[ ! -e "$WORK/edited" ] || (cd "$TREE" && xargs -r touch -c) <"$WORK/edited"
	: >"$WORK/edited"
}

build() {			# TARGET...
	# shellcheck disable=SC2086
	(cd "$TREE" && $WRAP make -s O="$OUT" FAULTS=1 "$@") >"$WORK/build.log" 2>&1
}

# ---- one mutant ----------------------------------------------------------------------------------------------------

files_of() { sed -n 's/^### //p' "$1"; }

# Each part of the file, from "### PATH" to the next one, is a sed script for that path. Fails where one changes nothing.
edit() {			# MUTANT
	for file in $(files_of "$1"); do
		awk -v file="$file" '/^### / { on = $2 == file; next } on' "$1" >"$WORK/script"
		echo "$file" >>"$WORK/edited"
		[ -e "$TREE/$file" ] || { echo "there is no $file"; return 1; }
		mkdir -p "$WORK/kept/${file%/*}"
		cp "$TREE/$file" "$WORK/kept/$file" && sed -E -f "$WORK/script" "$WORK/kept/$file" >"$TREE/$file" || return 1
		! cmp -s "$WORK/kept/$file" "$TREE/$file" || { echo "changes nothing in $file"; return 1; }
	done
}

restore() {			# MUTANT
	for file in $(files_of "$1"); do
		[ ! -e "$WORK/kept/$file" ] || cp "$WORK/kept/$file" "$TREE/$file"
	done
}

tests_of() {			# RULE: unit tests first, then scenarios, then system tests
	for suffix in ':' '.scn' '.sh'; do
		awk -F ' *[|] *' -v rule="$1" '$2 == rule { print $4 }' "$TREE/test/PROMISE.md" | tr -d ',`' | tr ' ' '\n' | grep -F -- "$suffix"
	done
}

target_of() {			# TEST: what make must build for it
	case $1 in
	*:*) echo "$OUT/test/unit/test_${1%%:*}" ;;
	*.scn) echo "$OUT/test/scenario/scenario" ;;
	*) echo all ;;
	esac
}

run_test() {			# TEST: exit 0 passed, 77 skipped, else failed
	limit=$(sed -n '1,15s/^# timeout: *//p' "$TREE/test/system/$1" 2>/dev/null)
	case $1 in
	*:*) set -- "$OUT/test/unit/test_${1%%:*}" "${1##*:}" ;;
	*.scn) set -- "$OUT/test/scenario/scenario" "test/scenario/$1" ;;
	*) set -- sh "test/system/$1" ;;
	esac
	# shellcheck disable=SC2086
	(cd "$TREE" && O=$OUT REPLD=$OUT/repld REPLD_FAULTY=$OUT/repld $WRAP timeout -k 10 "${limit:-180}" "$@") >"$WORK/test.log" 2>&1 </dev/null
}

why() { grep -v '^ok\|^FAIL\|^ *$' "$WORK/test.log" | tail -n 1 | sed -E 's,^test/[a-z]+/[^ :]*:([0-9]+): ,line \1: ,' | cut -c 1-150; }

judge() {			# RULE: builds, runs its tests until one fails
	for test in $(tests_of "$1"); do
		[ -z "$QUICK" ] || [ "${test%.sh}" = "$test" ] || continue
		build "$(target_of "$test")" || { tail -n 5 "$WORK/build.log"; verdict="DOES NOT BUILD"; return 1; }
		begin=$(now)
		run_test "$test"
		rc=$?
		took=$(($(now) - begin))
		case $rc in
		0) ;;
		77) skipped="$skipped $test" ;;
		*) verdict="$test ($took s): $(why)"; return 0 ;;
		esac
	done
	verdict="SURVIVED${skipped:+, skipped:$skipped}"
	return 1
}

mutate() {			# MUTANT
	name=${1##*/} name=${name%.sed}
	started=$(now) skipped='' verdict=''
	if edit "$1" >"$WORK/edit.log"; then
		judge "${name%%-*}"
		bad=$?
	else
		verdict="APPLIES NO MORE: $(cat "$WORK/edit.log")" bad=1
	fi
	restore "$1"
	printf '%-5s %s [%s s]\n' "$name" "$verdict" "$(($(now) - started))"
	[ "$bad" -eq 0 ] || failed="$failed $name"
}

# ---- main ------------------------------------------------------------------------------------------------------------

mkdir -p "$WORK" || exit 2
exec 9>"$WORK/lock"
flock -n 9 || die "another run works in $WORK"
begun=$(now) failed='' n=0
copy_tree
cd "$TREE" || exit 2
mutants=
if [ $# -eq 0 ]; then
	mutants=$(ls test/mutants/*.sed | sort -V)
fi
for rule; do
	more=$(ls "test/mutants/$rule.sed" "test/mutants/$rule"-*.sed 2>/dev/null)
	[ -n "$more" ] || die "no mutant of $rule in test/mutants"
	mutants="$mutants $more"
done

echo "building without an edit in $OUT"
build all "$OUT/test/scenario/scenario" || { cat "$WORK/build.log"; die 'the tree does not build'; }
for mutant in $mutants; do
	mutate "$mutant"
	n=$((n + 1))
done
echo "$n mutants in $(($(now) - begun)) s;${failed:+ NOT CAUGHT:}${failed:- all caught}"
[ -z "$failed" ]
