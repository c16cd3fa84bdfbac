#!/bin/sh
# Transactions of XA, MariaDB to PostgreSQL.
# matrix: mariadb
# timeout: 240
TOP=$(cd "$(dirname "$0")/../.." && pwd)
SRC_KIND=mariadb DST_KIND=postgresql
. "$TOP/test/system/lib.sh"
. "$TOP/test/system/xa.sh"
