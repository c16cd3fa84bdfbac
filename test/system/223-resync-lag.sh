#!/bin/sh
# The others' lag while a table is loaded again and another one is added, then kills in the middle; the long proof, in small.
# timeout: 240
TOP=$(cd "$(dirname "$0")/../.." && pwd)
ROWS=150000 ADDED=60000 ROUNDS=2 RATE=100
. "$TOP/test/long/resync.sh"
