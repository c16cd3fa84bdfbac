#!/bin/sh
# Takes each rule of test/PROMISE.md out of the code, by the edit in test/mutants, and expects that one of the rule's tests
# fails then: a test that passes without its rule proves nothing. Works on copies of the tree; not part of make check.
#	sh test/long/mutants.sh [P7 ...]	all, or the rules named (P7 takes P7.sed and P7-*.sed)
# One line each: the rule, the test that failed, how long that took, and what the test said. A mutant that survives, that does
# not build or whose edit changes nothing is a failure.
# Environment: O (the build folder), JOBS (at once, 2: the tests wait more than they work), QUICK=1 (no system tests).
set -u
TOP=$(cd "$(dirname "$0")/../.." && pwd)
O=${O:-$TOP/build}
WORK=$O/mutants
JOBS=${JOBS:-2}
QUICK=${QUICK:-}
CFLAGS=${CFLAGS:--O1 -g0}
export CFLAGS LC_ALL=C

now() { date +%s; }
die() { echo "$*" >&2; exit 2; }

# ---- the copies -----------------------------------------------------------------------------------------------------
# Each worker has one: $WORK/N/tree, built in $WORK/N/out. It runs in its tree.

copy_tree() {			# N: times are kept, so that only what is new is compiled; what a former run edited is new
	rm -rf "$WORK/$1/tree" "$WORK/$1/kept" && mkdir -p "$WORK/$1/tree" "$WORK/$1/out" || exit 2
	(cd "$TOP" && tar -cf - Makefile daemon cdc staging endpoints test man etc systemd) | (cd "$WORK/$1/tree" && tar -xf -) || exit 2
	[ ! -e "$WORK/$1/edited" ] || (cd "$WORK/$1/tree" && xargs -r touch -c) <"$WORK/$1/edited"
	: >"$WORK/$1/edited"
	: >"$WORK/$1/failed"
}

build() {			# TARGET...
	make -s O=../out FAULTS=1 "$@" >../build.log 2>&1
}

# ---- one mutant ----------------------------------------------------------------------------------------------------

files_of() { sed -n 's/^### //p' "$1"; }

# Each part of the file, from "### PATH" to the next one, is a sed script for that path. Fails where one changes nothing.
edit() {			# MUTANT
	for file in $(files_of "$1"); do
		awk -v file="$file" '/^### / { on = $2 == file; next } on' "$1" >../script
		echo "$file" >>../edited
		[ -e "$file" ] || { echo "there is no $file"; return 1; }
		mkdir -p "../kept/${file%/*}"
		cp "$file" "../kept/$file" && sed -E -f ../script "../kept/$file" >"$file" || return 1
		! cmp -s "../kept/$file" "$file" || { echo "changes nothing in $file"; return 1; }
	done
}

restore() {			# MUTANT
	for file in $(files_of "$1"); do
		[ ! -e "../kept/$file" ] || cp "../kept/$file" "$file"
	done
}

tests_of() {			# RULE: unit tests first, then scenarios, then system tests
	for suffix in ':' '.scn' '.sh'; do
		awk -F ' *[|] *' -v rule="$1" '$2 == rule { print $4 }' test/PROMISE.md | tr -d ',`' | tr ' ' '\n' | grep -F -- "$suffix"
	done
}

target_of() {			# TEST: what make must build for it
	case $1 in
	*:*) echo "../out/test/unit/test_${1%%:*}" ;;
	*.scn) echo ../out/test/scenario/scenario ;;
	*) echo tests ;;
	esac
}

run_test() {			# TEST: exit 0 passed, 77 skipped, else failed
	limit=$(sed -n '1,15s/^# timeout: *//p' "test/system/$1" 2>/dev/null)
	out=$(cd ../out && pwd)
	case $1 in
	*:*) set -- "$out/test/unit/test_${1%%:*}" "${1##*:}" ;;
	*.scn) set -- "$out/test/scenario/scenario" "test/scenario/$1" ;;
	*) set -- sh "test/system/$1" ;;
	esac
	O=$out REPLD=$out/repld REPLD_FAULTY=$out/repld timeout -k 10 "${limit:-180}" "$@" >../test.log 2>&1 </dev/null
}

why() { grep -v '^ok\|^FAIL\|^ *$' ../test.log | tail -n 1 | sed -E 's,^test/[a-z]+/[^ :]*:([0-9]+): ,line \1: ,' | cut -c 1-150; }

judge() {			# RULE: builds, runs its tests until one fails
	for test in $(tests_of "$1"); do
		[ -z "$QUICK" ] || [ "${test%.sh}" = "$test" ] || continue
		build "$(target_of "$test")" || { verdict="DOES NOT BUILD: $(grep -m 1 error ../build.log)"; return 1; }
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
	if edit "$1" >../edit.log; then
		judge "${name%%-*}"
		bad=$?
	else
		verdict="APPLIES NO MORE: $(cat ../edit.log)" bad=1
	fi
	restore "$1"
	printf '%-5s %s [%s s]\n' "$name" "$verdict" "$(($(now) - started))"
	[ "$bad" -eq 0 ] || echo "$name" >>../failed
}

# ---- main ------------------------------------------------------------------------------------------------------------

mkdir -p "$WORK" || exit 2
exec 9>"$WORK/lock"
flock -n 9 || die "another run works in $WORK"
begun=$(now)
rm -f "$WORK"/*/failed
for k in $(seq "$JOBS"); do copy_tree "$k"; done
cd "$WORK/1/tree" || exit 2
mutants=
[ $# -gt 0 ] || mutants=$(ls test/mutants/*.sed | sort -V)
for rule; do
	more=$(ls "test/mutants/$rule.sed" "test/mutants/$rule"-*.sed 2>/dev/null)
	[ -n "$more" ] || die "no mutant of $rule in test/mutants"
	mutants="$mutants $more"
done

echo "building without an edit"
for k in $(seq "$JOBS"); do
	cd "$WORK/$k/tree" || exit 2
	build -j2 tests || { cat ../build.log; die 'the tree does not build'; }
done
for k in $(seq "$JOBS"); do
	(
		cd "$WORK/$k/tree" || exit 2
		i=0
		for mutant in $mutants; do
			i=$((i % JOBS + 1))
			[ $i -ne "$k" ] || mutate "$mutant"
		done
	) &
done
wait
failed=$(cat "$WORK"/*/failed | tr '\n' ' ')
# shellcheck disable=SC2086
echo "$(set -- $mutants; echo $#) mutants in $(($(now) - begun)) s; ${failed:+NOT CAUGHT: }${failed:-all caught}"
[ -z "$failed" ]
