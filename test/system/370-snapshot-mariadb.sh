#!/bin/sh
# The snapshot of a load from MariaDB: exact under writes, without a long lock, with its log kept.
# timeout: 400
TOP=$(cd "$(dirname "$0")/../.." && pwd)
SRC_KIND=mariadb DST_KIND=postgresql
. "$TOP/test/system/lib.sh"
. "$TOP/test/system/snapshot_my.sh"
