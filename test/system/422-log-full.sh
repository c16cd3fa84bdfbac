#!/bin/sh
# The daemon's log goes to a device without room: it goes on, and the status says so; where mounting is allowed, to a disk that is full for a while.
# timeout: 120
KINDS=none
TOP=$(cd "$(dirname "$0")/../.." && pwd)
. "$TOP/test/torture/memory/full.sh"
