#!/bin/sh
# Worker, daemon and both servers die by turns, in the load and in the stream, under writes; the long proof, in small.
# timeout: 300
TOP=$(cd "$(dirname "$0")/../.." && pwd)
SRC_KIND=postgresql DST_KIND=postgresql KILLS=9 RATE=30 OFFERED=200 ROWS=60000 TORTURE=/dev/null TORTURE_COMMIT=here
. "$TOP/test/torture/kills.sh"
