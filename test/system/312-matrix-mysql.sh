#!/bin/sh
# Every type of MySQL, with values at its edges, to all kinds of targets: loaded, inserted, updated, as keys.
# matrix: mysql
# timeout: 240
TOP=$(cd "$(dirname "$0")/../.." && pwd)
SRC_KIND=mysql
. "$TOP/test/system/lib.sh"
. "$TOP/test/system/matrix.sh"
