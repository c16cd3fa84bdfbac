#!/bin/sh
# What stands in the log of MySQL as text and concerns captured tables, or not: a stop in time, or none.
# timeout: 300
TOP=$(cd "$(dirname "$0")/../.." && pwd)
SRC_KIND=mysql DST_KIND=postgresql
. "$TOP/test/system/lib.sh"
. "$TOP/test/system/as_text.sh"
