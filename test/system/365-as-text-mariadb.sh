#!/bin/sh
# What stands in the log of MariaDB as text and concerns captured tables, or not: a stop in time, or none.
# matrix: mariadb
# timeout: 300
TOP=$(cd "$(dirname "$0")/../.." && pwd)
SRC_KIND=mariadb DST_KIND=postgresql
. "$TOP/test/system/lib.sh"
. "$TOP/test/system/as_text.sh"
