#!/bin/sh
# PostgreSQL to MySQL, end to end: load, stream, restart, kills.
# matrix: postgresql mysql
# timeout: 240
TOP=$(cd "$(dirname "$0")/../.." && pwd)
SRC_KIND=postgresql DST_KIND=mysql
. "$TOP/test/system/lib.sh"
. "$TOP/test/system/pair.sh"
