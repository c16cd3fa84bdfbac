#!/bin/sh
# The snapshot of a load from MariaDB: exact under writes, without a long lock, with its log kept.
# matrix: mariadb
# timeout: 400
# faults: yes
TOP=$(cd "$(dirname "$0")/../.." && pwd)
SRC_KIND=mariadb DST_KIND=postgresql
. "$TOP/test/system/lib.sh"
. "$TOP/test/system/snapshot_my.sh"
