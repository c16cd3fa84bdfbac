#!/bin/sh
# PostgreSQL to MySQL: load under writes, then a stream of changes, worker and daemon killed all the while; the long proof of pairs, in small.
# timeout: 240
TOP=$(cd "$(dirname "$0")/../.." && pwd)
SRC_KIND=postgresql DST_KIND=mysql
ROWS=40000 CHANGES=30000 KILLS=8 RATE=2500 LIMIT=1MB
. "$TOP/test/long/pairs.sh"
