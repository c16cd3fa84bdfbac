#!/bin/sh
# MySQL to MySQL, end to end: load, stream, restart, kills.
# matrix: mysql
# sanitizers: yes
# timeout: 240
TOP=$(cd "$(dirname "$0")/../.." && pwd)
SRC_KIND=mysql DST_KIND=mysql
. "$TOP/test/system/lib.sh"
. "$TOP/test/system/pair.sh"
