#!/bin/sh
# Foreign keys that act by themselves, MariaDB to PostgreSQL: what they do is not in the binlog, and is done on the target all the same.
# matrix: mariadb
# timeout: 240
TOP=$(cd "$(dirname "$0")/../.." && pwd)
SRC_KIND=mariadb DST_KIND=postgresql
. "$TOP/test/system/lib.sh"
. "$TOP/test/system/cascade.sh"
