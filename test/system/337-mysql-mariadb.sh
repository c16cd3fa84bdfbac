#!/bin/sh
# MySQL to MariaDB, end to end: load, stream, restart, kills.
# matrix: mysql mariadb
# timeout: 240
TOP=$(cd "$(dirname "$0")/../.." && pwd)
SRC_KIND=mysql DST_KIND=mariadb
. "$TOP/test/system/lib.sh"
. "$TOP/test/system/pair.sh"
