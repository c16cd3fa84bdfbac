#!/bin/sh
# kill -9 of the worker and of the daemon, and a transaction larger than the ring, through the output plugin wal2json.
# timeout: 330
PLUGIN=wal2json
export PLUGIN
for test in 040-kill 050-large-transaction; do
	echo "== $test"
	sh "$(dirname "$0")/$test.sh" || exit
done
