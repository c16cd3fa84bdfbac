#!/bin/sh
# Replies to COMMIT are lost between the daemon and its target, six of PostgreSQL to MariaDB and six of MariaDB to PostgreSQL, half of them of
# commits that happened: nothing is lost, nothing doubled, and nobody has to lend a hand. The long form: make torture PART=replies.
# timeout: 240
TOP=$(cd "$(dirname "$0")/../.." && pwd)
export TOP REPLIES=6 LATE=1 RATE=200
SRC_KIND=postgresql DST_KIND=mariadb sh "$TOP/test/system/replies.sh" || exit
SRC_KIND=mariadb DST_KIND=postgresql exec sh "$TOP/test/system/replies.sh"
