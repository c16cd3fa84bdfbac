#!/bin/sh
# Replies to COMMIT that never arrive, in four directions, two at a time: test/system/replies.sh with larger figures.
#	REPLIES=100 (in the stream of each), LOADS=10 (in its load), LATE=12, DIRECTIONS='postgresql-postgresql ...' replies.sh
. "$TOP/test/torture/lib.sh"
export REPLIES="${REPLIES:-100}" LOADS="${LOADS:-10}" LATE="${LATE:-12}" RATE="${RATE:-300}"
# shellcheck disable=SC2086
two_at_a_time "$TOP/test/system/replies.sh" ${DIRECTIONS:-postgresql-postgresql postgresql-mariadb mariadb-postgresql mariadb-mariadb}
