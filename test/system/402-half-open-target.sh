#!/bin/sh
# The connection that applies dies without a word, while the one that owns the task lives: what the server says of the session ends the wait, which has
# no end of its own. The long form, with every kind of server and connection: make torture PART=network.
# timeout: 180
TOP=$(cd "$(dirname "$0")/../.." && pwd)
export TOP RATE=100
export SRC_KIND=postgresql DST_KIND=postgresql FAULTS='dst:apply:hole'
exec sh "$TOP/test/system/network.sh"
