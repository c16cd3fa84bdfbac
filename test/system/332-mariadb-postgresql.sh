#!/bin/sh
# MariaDB to PostgreSQL, end to end: load, stream, restart, kills.
# matrix: postgresql mariadb
# sanitizers: yes
# timeout: 240
TOP=$(cd "$(dirname "$0")/../.." && pwd)
SRC_KIND=mariadb DST_KIND=postgresql
. "$TOP/test/system/lib.sh"
. "$TOP/test/system/pair.sh"
