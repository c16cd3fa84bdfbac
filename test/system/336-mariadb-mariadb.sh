#!/bin/sh
# MariaDB to MariaDB, end to end: load, stream, restart, kills.
# matrix: mariadb
# timeout: 240
TOP=$(cd "$(dirname "$0")/../.." && pwd)
SRC_KIND=mariadb DST_KIND=mariadb
. "$TOP/test/system/lib.sh"
. "$TOP/test/system/pair.sh"
