#!/bin/sh
# Foreign keys that act by themselves, MySQL to MySQL: what they do is not in the binlog, and is done on the target all the same.
# matrix: mysql
# timeout: 240
TOP=$(cd "$(dirname "$0")/../.." && pwd)
SRC_KIND=mysql DST_KIND=mysql
. "$TOP/test/system/lib.sh"
. "$TOP/test/system/cascade.sh"
