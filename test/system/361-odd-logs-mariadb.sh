#!/bin/sh
# Odd kinds of logs of MariaDB: row images, compression, checksums, tables without transactions, odd names.
# matrix: mariadb
# timeout: 300
TOP=$(cd "$(dirname "$0")/../.." && pwd)
SRC_KIND=mariadb DST_KIND=postgresql
. "$TOP/test/system/lib.sh"
. "$TOP/test/system/odd_logs.sh"
