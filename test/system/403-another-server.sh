#!/bin/sh
# A target behind a load balancer: a statement waits for a lock, and who asks how its session does comes to another server, where that number is nobody's,
# or somebody else's. The wait goes on, nobody is killed, and the task never notices.
# timeout: 180
TOP=${TOP:-$(cd "$(dirname "$0")/../.." && pwd)}
. "$TOP/test/system/lib.sh"
. "$TOP/test/system/lib_proxy.sh"
needs

db_start src
db_start dst
db_start dst2
sql src 'CREATE TABLE a (id int PRIMARY KEY)'
proxy_start dst
conf_task t
repld_start
loaded t
sql src 'INSERT INTO a VALUES (1)'
synced t
lines=$(wc -l <"$TMP/repld.log")

step 'the table is locked for 50 s, and new connections come to another server'
proxy dst upstream "$(address_of dst2)"
if [ "$DST_KIND" = postgresql ]; then
	background sql dst "BEGIN; LOCK TABLE a IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(50); COMMIT" >"$TMP/lock" 2>&1
else
	background sql dst "LOCK TABLES a WRITE; SELECT SLEEP(50); UNLOCK TABLES" >"$TMP/lock" 2>&1
fi
sleep 1
sql src 'INSERT INTO a VALUES (2)'
came() { [ "$(proxy_said dst '^open [0-9]* look')" -ge 1 ]; }
wait_for 45 came || { cat "$TMP/dst.proxy/events" >&2; fail 'nobody has asked'; }
synced t 60
sed 1,"$lines"d "$TMP/repld.log" >"$TMP/said"
expect_no_text 'retry in' "$TMP/said"
expect_no_text ' error ' "$TMP/said"
expect 'ended connections that apply' 0 "$(proxy_said dst '^closed [0-9]* apply')"
compare a
repld_stop
