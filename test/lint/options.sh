#!/bin/sh
# Each option of the option table stands in the manual page and in the sample file.
set -eu
cd "$(dirname "$0")/../.."
defs=daemon/conf_opts.def man=man/repld.conf.5 sample=etc/repld.conf
[ -e "$defs" ] || exit 0
rc=0
missing() { echo "$1: option $2 (section $3) is missing" >&2; rc=1; }
options=$(sed -n 's/^[[:space:]]*OPT[A-Z_]*([[:space:]]*\([a-z0-9_]*\)[[:space:]]*,[[:space:]]*\([a-z0-9_]*\)[[:space:]]*,.*/\1 \2/p' "$defs")
[ -n "$options" ] || { echo "$defs: no options found" >&2; exit 1; }
for f in "$man" "$sample"; do
	[ -e "$f" ] || { echo "$f is missing" >&2; exit 1; }
done
while read -r section name; do
	grep -qE "^\.(It|Ic|Cm|Va).*[^A-Za-z0-9_]${name}([^A-Za-z0-9_]|\$)" "$man" || missing "$man" "$name" "$section"
	grep -qE "(^|[^A-Za-z0-9_])${name}[[:space:]]*[=:]" "$sample" || missing "$sample" "$name" "$section"
done <<END
$options
END
exit $rc
