#!/bin/sh
# Others write 100 MB in one transaction while the captured table is idle: confirmed, let go and no hole; the long proof, in small.
# timeout: 150
TOP=$(cd "$(dirname "$0")/../.." && pwd)
MB=100 WAYS=one
. "$TOP/test/long/idle1g.sh"
