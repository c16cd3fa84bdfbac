#!/bin/sh
# A transaction of XA that is prepared just before the snapshots of a load are taken, and committed just after: they are taken again, and it is there.
# timeout: 120
# faults: yes
TOP=$(cd "$(dirname "$0")/../.." && pwd)
SRC_KIND=mariadb DST_KIND=mariadb
. "$TOP/test/system/lib.sh"
needs
db_start src
db_start dst
sql src "CREATE TABLE a (id int PRIMARY KEY, v int) ENGINE=InnoDB; INSERT INTO a VALUES (1, 1)"
conf_task t
REPLD=$REPLD_FAULTY
REPLD_FAULT=snapshot.begin=delay:2000,snapshot.taken=delay:2000 REPLD_FAULT_ONCE=$TMP/once
export REPLD_FAULT REPLD_FAULT_ONCE
mkdir "$TMP/once"

step 'prepared before the snapshots, committed before it is looked for'
repld_start
wait_for 20 test -e "$TMP/once/snapshot.begin" || fail 'no snapshot is taken'
sql src "XA START 'x'; INSERT INTO a VALUES (2, 2); XA END 'x'; XA PREPARE 'x'"
[ ! -e "$TMP/once/snapshot.taken" ] || fail 'too late'
wait_for 20 test -e "$TMP/once/snapshot.taken" || fail 'no snapshot is taken'
sql src "XA COMMIT 'x'"
loaded t
sql src 'INSERT INTO a VALUES (3, 3)'
synced t
compare public.a
expect 'rows' 3 "$(sql dst 'SELECT count(*) FROM a')"
repld_stop
