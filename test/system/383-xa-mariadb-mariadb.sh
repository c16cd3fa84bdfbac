#!/bin/sh
# Transactions of XA, MariaDB to MariaDB.
# matrix: mariadb
# timeout: 240
TOP=$(cd "$(dirname "$0")/../.." && pwd)
SRC_KIND=mariadb DST_KIND=mariadb
. "$TOP/test/system/lib.sh"
. "$TOP/test/system/xa.sh"
