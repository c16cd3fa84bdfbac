#!/bin/sh
# The target is locked for 15 s while a MySQL source with net_write_timeout 5 s writes more than the ring holds; the long proof, in small.
# timeout: 150
TOP=$(cd "$(dirname "$0")/../.." && pwd)
SRC_KIND=mysql DST_KIND=postgresql
LOCKED=15 MBYTES=20 OPTIONS='staging: { ring_size = "4MB"; }; apply: { max_bytes = "1MB"; };'
. "$TOP/test/long/locked-mysql.sh"
