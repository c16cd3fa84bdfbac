#!/bin/sh
# The thinnest slice and each type, through the output plugin wal2json.
# timeout: 200
PLUGIN=wal2json
export PLUGIN
for test in 001-minimal 010-types; do
	echo "== $test"
	sh "$(dirname "$0")/$test.sh" || exit
done
