#!/bin/sh
# MariaDB to PostgreSQL: load under writes, then a stream of changes, worker and daemon killed all the while; the long proof of pairs, in small.
# timeout: 240
TOP=$(cd "$(dirname "$0")/../.." && pwd)
SRC_KIND=${SRC_KIND:-mariadb} DST_KIND=${DST_KIND:-postgresql}
ROWS=40000 CHANGES=30000 KILLS=8 RATE=2500 LIMIT=1MB
. "$TOP/test/long/pairs.sh"
