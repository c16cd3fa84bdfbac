#!/bin/sh
# A log of MariaDB that does not name columns, and tables that are altered.
# matrix: mariadb
# timeout: 300
TOP=$(cd "$(dirname "$0")/../.." && pwd)
SRC_KIND=mariadb DST_KIND=postgresql
. "$TOP/test/system/lib.sh"
. "$TOP/test/system/nameless.sh"
