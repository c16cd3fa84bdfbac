#!/bin/sh
# Positions in the log of MariaDB: restarts, places given by hand, logs that were purged, reset, put back, of another server.
# matrix: mariadb
# timeout: 400
TOP=$(cd "$(dirname "$0")/../.." && pwd)
SRC_KIND=mariadb DST_KIND=postgresql
. "$TOP/test/system/lib.sh"
. "$TOP/test/system/positions.sh"
