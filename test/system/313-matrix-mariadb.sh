#!/bin/sh
# Every type of MariaDB, with values at its edges, to all kinds of targets: loaded, inserted, updated, as keys.
# matrix: mariadb
# timeout: 240
TOP=$(cd "$(dirname "$0")/../.." && pwd)
SRC_KIND=mariadb
. "$TOP/test/system/lib.sh"
. "$TOP/test/system/matrix.sh"
