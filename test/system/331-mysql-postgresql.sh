#!/bin/sh
# MySQL to PostgreSQL, end to end: load, stream, restart, kills.
# matrix: postgresql mysql
# timeout: 240
TOP=$(cd "$(dirname "$0")/../.." && pwd)
SRC_KIND=mysql DST_KIND=postgresql
. "$TOP/test/system/lib.sh"
. "$TOP/test/system/pair.sh"
