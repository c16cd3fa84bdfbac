#!/bin/sh
# MariaDB to MySQL, end to end: load, stream, restart, kills.
# matrix: mysql mariadb
# timeout: 240
TOP=$(cd "$(dirname "$0")/../.." && pwd)
SRC_KIND=mariadb DST_KIND=mysql
. "$TOP/test/system/lib.sh"
. "$TOP/test/system/pair.sh"
