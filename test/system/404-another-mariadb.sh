#!/bin/sh
# As 403-another-server.sh, with a MariaDB target.
# timeout: 180
TOP=$(cd "$(dirname "$0")/../.." && pwd)
export TOP
export SRC_KIND=postgresql DST_KIND=mariadb
exec sh "$TOP/test/system/403-another-server.sh"
