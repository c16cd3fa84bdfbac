#!/bin/sh
# Rows far over 4 MB: four times their size at most while they are in hand, and behind them no more than without them.
# timeout: 150
PAIRS='' ROW_PAIRS=postgresql-postgresql ROW_MB=48 RING=16 AFTER=8
TOP=$(cd "$(dirname "$0")/../.." && pwd)
. "$TOP/test/torture/memory/large.sh"
