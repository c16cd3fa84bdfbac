#!/bin/sh
# The lag of the status against the truth, and what the source keeps: the long proof, for a few seconds.
# timeout: 150
TOP=$(cd "$(dirname "$0")/../.." && pwd)
LOCKED=5 IDLE=3 OTHERS=30 LOOKS=2
. "$TOP/test/long/lag.sh"
