#!/bin/sh
# Worker, daemon and both servers die by turns, in the load and in the stream, under writes; the long proof, in small.
# timeout: 300
TOP=$(cd "$(dirname "$0")/../.." && pwd)
KILLS=5 CRASHES=2 RATE=30 OFFERED=200 ROWS=80000
. "$TOP/test/long/kills100.sh"
