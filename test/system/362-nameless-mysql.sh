#!/bin/sh
# A log of MySQL that does not name columns, and tables that are altered.
# timeout: 300
TOP=$(cd "$(dirname "$0")/../.." && pwd)
SRC_KIND=mysql DST_KIND=postgresql
. "$TOP/test/system/lib.sh"
. "$TOP/test/system/nameless.sh"
