#!/bin/sh
# http_listen: /metrics says what the status says, /healthz tells a task in error; nothing else is served, and nothing by default.
# timeout: 120
TOP=$(cd "$(dirname "$0")/../.." && pwd)
. "$TOP/test/system/lib.sh"
skip_if_no_server
command -v perl >/dev/null || skip 'perl is missing'

# The answer's head and body; perl is part of every Debian.
http() {			# METHOD PATH
	perl -MIO::Socket::INET -e 'my $s = IO::Socket::INET->new(PeerAddr => $ARGV[0], Timeout => 5) or exit 1;
		print $s "$ARGV[1] $ARGV[2] HTTP/1.0\r\n\r\n"; print while <$s>' "127.0.0.1:$HTTP" "$1" "$2" | tr -d '\r'
}

pg_start src
pg_start dst
sql src "CREATE TABLE a (id int PRIMARY KEY, v text); INSERT INTO a VALUES (1, 'x'), (2, 'y')"
HTTP=$(perl -MIO::Socket::INET -e 'print IO::Socket::INET->new(LocalAddr => "127.0.0.1", Listen => 1)->sockport')
DAEMON_OPTIONS="	http_listen = \"127.0.0.1:$HTTP\";" conf_task t
repld_start
loaded t
sql src "INSERT INTO a VALUES (3, 'z')"
synced t

step 'metrics'
sleep 1
http GET /metrics >"$TMP/metrics"
expect_text '^HTTP/1.[01] 200' "$TMP/metrics"
expect_text 'openmetrics-text' "$TMP/metrics"
expect_text '^repld_task_state{.*task="t".*state="running".*} 1' "$TMP/metrics"
expect_text '^repld_.*rows.*total.*{.*task="t".*} 1' "$TMP/metrics"
expect 'the last line' '# EOF' "$(tail -n 1 "$TMP/metrics")"

step 'health, and what is not there'
http GET /healthz >"$TMP/out"
expect_text '^HTTP/1.[01] 200' "$TMP/out"
http GET /etc/passwd >"$TMP/out"
expect_text '^HTTP/1.[01] 404' "$TMP/out"
http POST /metrics >"$TMP/out"
expect_text '^HTTP/1.[01] 405' "$TMP/out"

step 'a task in error'
sql src "ALTER TABLE a ADD w int; INSERT INTO a VALUES (4, 'q', 4)"
wait_state t error 20
http GET /healthz >"$TMP/out"
expect_text '^HTTP/1.[01] 503' "$TMP/out"
expect_text 't' "$TMP/out"
repld_stop
