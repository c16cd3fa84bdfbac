#!/bin/sh
# test/PROMISE.md is true: the tests that it names are there, each scenario stands in it, no rule has the number of another, and
# each has a mutant (test/mutants) that still finds the code which it takes out.
set -eu
cd "$(dirname "$0")/../.."
table=test/PROMISE.md rc=0
complain() { echo "$1" >&2; rc=1; }

# "P7 a.scn", "P7 progress:confirms_nothing", ...: one line for each test of each rule
named=$(awk -F ' *[|] *' '$2 ~ /^P[0-9]+$/ {
	if (NF != 6 || $3 == "" || $4 == "" || $5 == "") print FILENAME ":" FNR ": a rule has four columns" > "/dev/stderr"
	n = split($4, test, /[ ,`]+/)
	for (i = 1; i <= n; i++) if (test[i] != "") print $2, test[i]
	if (NF != 6) print $2, "?"
}' "$table")
ids=$(awk -F ' *[|] *' '$2 ~ /^P[0-9]+$/ { print $2 }' "$table")
[ -n "$ids" ] || { complain "$table: no rules found"; exit 1; }
for id in $(printf '%s\n' "$ids" | sort | uniq -d); do
	complain "$table: two rules are $id"
done

while read -r id test; do
	case $test in
	*.scn) [ -e "test/scenario/$test" ] || complain "$table: $id: there is no test/scenario/$test" ;;
	*.sh) [ -e "test/system/$test" ] || complain "$table: $id: there is no test/system/$test" ;;
	*:*) grep -qsF "START_TEST(${test#*:})" "test/unit/test_${test%%:*}.c" ||
		complain "$table: $id: test/unit/test_${test%%:*}.c has no case ${test#*:}" ;;
	*) complain "$table: $id: \"$test\" is no test: NAME.scn, NUMBER-NAME.sh or MODULE:CASE" ;;
	esac
done <<END
$named
END

for script in test/scenario/*.scn; do
	printf '%s\n' "$named" | grep -qF " ${script##*/}" || complain "$script: no rule of $table names it"
done

for id in $ids; do
	mutants=$(find test/mutants -name "$id.sed" -o -name "$id-*.sed")
	[ -n "$mutants" ] || complain "$table: $id has no mutant in test/mutants"
done
work=$(mktemp)
trap 'rm -f "$work"' EXIT
for mutant in test/mutants/*.sed; do
	id=${mutant##*/} id=${id%.sed} id=${id%%-*}
	printf '%s\n' "$ids" | grep -qx "$id" || complain "$mutant: $table has no rule $id"
	[ -n "$(sed -n '/^### /p' "$mutant")" ] || complain "$mutant: no line \"### FILE\""
	for file in $(sed -n 's/^### //p' "$mutant"); do
		[ -e "$file" ] || { complain "$mutant: there is no $file"; continue; }
		awk -v file="$file" '/^### / { on = $2 == file; next } on' "$mutant" >"$work"
		if sed -E -f "$work" "$file" | cmp -s - "$file"; then
			complain "$mutant: changes nothing in $file any more: point it at where the rule's code is now"
		fi
	done
done
exit $rc
