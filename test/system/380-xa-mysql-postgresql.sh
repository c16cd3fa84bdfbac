#!/bin/sh
# Transactions of XA, MySQL to PostgreSQL.
# timeout: 240
TOP=$(cd "$(dirname "$0")/../.." && pwd)
SRC_KIND=mysql DST_KIND=postgresql
. "$TOP/test/system/lib.sh"
. "$TOP/test/system/xa.sh"
