#!/bin/sh
# What the tests reach of the code, in branches: unit tests, scenarios, the simulator, then the system tests, with a build that counts. What follows
# from an assert, from want of memory or from a fault point is not counted. By file and line: $O/coverage/branches.txt.
#	sh test/long/coverage.sh [quick]	(quick: no system tests)
# Exit 1 where less is reached than is wanted.
set -u
TOP=$(cd "$(dirname "$0")/../.." && pwd)
O=${O:-$TOP/build}
cd "$TOP" || exit 2
command -v gcovr >/dev/null || { echo 'needs the Debian package gcovr' >&2; exit 2; }
out=$O/coverage
mkdir -p "$out"
find "$out" -name '*.gcda' -exec rm -f {} +

# Not optimized, so that a branch of the code is one of the program; counted by several threads and processes at once.
make -s -j"$(nproc)" O="$out" FAULTS=1 CFLAGS='-O0 -g --coverage -fprofile-update=atomic -w' LDFLAGS='--coverage -Wl,-u,__gcov_dump' all tests || exit 2
ln -sfn . "$out/faults"
kinds='unit scenario sim'
[ "${1:-}" = quick ] || kinds="$kinds system"
CK_TIMEOUT_MULTIPLIER=8 O=$out T=$kinds sh test/run.sh check | grep -vE '^ok '

memory='out of memory|(mem|arena|map|buf)_[a-z]*(alloc|grow|strdup|new|room|reserve)|inflateInit|ZSTD_createDStream'
gcovr -r "$TOP" --object-directory "$out" --exclude-unreachable-branches --exclude-throw-branches -e 'test/' \
	--exclude-branches-by-pattern ".*(assert[(]|FAULT|$memory).*" -b "$out" >"$out/branches.txt" || exit 2

wanted() {			# PERCENT PATTERN: of the files so named, together
	awk -v want="$1" -v pattern="^($2)" '
		$1 ~ pattern && NF >= 4 && $4 ~ /%$/ { all += $2; taken += $3 }
		END {
			is = all > 0 ? 100 * taken / all : 0
			printf "%6.2f %% of %d branches, %d %% are wanted: %s\n", is, all, want, substr(pattern, 3, length(pattern) - 3)
			exit is < want
		}' "$out/branches.txt"
}
rc=0
wanted 100 'staging/checkpoint|staging/progress|daemon/handover|staging/ring|cdc/gtid|cdc/gtid_bytes|staging/gtid_track' || rc=1
wanted 95 'cdc/' || rc=1
wanted 85 '[a-z]*/' || rc=1
exit $rc
