#!/bin/sh
# Loads under writes and load groups beside the stream, through the output plugin wal2json.
# timeout: 300
PLUGIN=wal2json
export PLUGIN
for test in 030-load-under-writes 100-resync; do
	echo "== $test"
	sh "$(dirname "$0")/$test.sh" || exit
done
