#!/bin/sh
# Each kind of change, shapes that change, partitions that come, through the output plugin wal2json.
# timeout: 400
PLUGIN=wal2json
export PLUGIN
for test in 020-apply 065-schema-change 153-partitions-and-strangers; do
	echo "== $test"
	sh "$(dirname "$0")/$test.sh" || exit
done
