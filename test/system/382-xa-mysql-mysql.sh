#!/bin/sh
# Transactions of XA, MySQL to MySQL.
# timeout: 240
TOP=$(cd "$(dirname "$0")/../.." && pwd)
SRC_KIND=mysql DST_KIND=mysql
. "$TOP/test/system/lib.sh"
. "$TOP/test/system/xa.sh"
