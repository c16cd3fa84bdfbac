#!/bin/sh
# What networks do to connections, with each kind of server on each side, two pairs at a time: test/system/network.sh with its whole list.
#	FLIPS=8 RATE=100 DIRECTIONS='postgresql-postgresql ...' network.sh
. "$TOP/test/torture/lib.sh"
export FLIPS="${FLIPS:-8}" RATE="${RATE:-100}"
# shellcheck disable=SC2086
two_at_a_time "$TOP/test/system/network.sh" ${DIRECTIONS:-postgresql-mariadb mariadb-postgresql mysql-mysql}
