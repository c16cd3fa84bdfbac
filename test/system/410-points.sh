#!/bin/sh
# A task of MariaDB to PostgreSQL dies once in each phase of its life, at one place in each run: some of all places; the long proof, in small.
# timeout: 240
# faults: yes
TOP=$(cd "$(dirname "$0")/../.." && pwd)
DIRECTIONS=mariadb-postgresql ACTIONS=kill AT_ONCE=5 TORTURE=/dev/null TORTURE_COMMIT=here KEPT=${O:-$TOP/build}/test/410-points
POINTS='load.resumed ranged.finish handover.committed apply.prepared_get apply.begun reload.switch ctl.asked pause.saved stop.asked stream.event'
. "$TOP/test/torture/points.sh"
