#!/bin/sh
# Every type of MySQL where the log says as little as it can: of a table neither names nor labels, of a row its key and what changed.
# timeout: 240
TOP=$(cd "$(dirname "$0")/../.." && pwd)
SRC_KIND=mysql TARGETS='postgresql mariadb'
. "$TOP/test/system/lib.sh"
set -- binlog-row-metadata=MINIMAL binlog-row-image=MINIMAL binlog-row-value-options=PARTIAL_JSON
. "$TOP/test/system/matrix.sh"
