#!/bin/sh
# A password that is changed on the server while the task runs: the sessions go on, the next connection is refused and tried again until the
# password file is right; so is one whose file is away for a moment. At a first start a wrong password is an error.
# timeout: 150
TOP=$(cd "$(dirname "$0")/../.." && pwd)
. "$TOP/test/system/lib.sh"
skip_if_no_server

pg_start src
pg_start dst
for server in src dst; do
	sql $server "SET password_encryption = 'scram-sha-256'; CREATE ROLE rotated LOGIN SUPERUSER REPLICATION PASSWORD 'one'"
	{ echo 'local all rotated scram-sha-256'; cat "$TMP/$server/data/pg_hba.conf"; } >"$TMP/hba"
	cat "$TMP/hba" >"$TMP/$server/data/pg_hba.conf"
	pg_reload $server
	(umask 077 && echo wrong >"$TMP/$server.password")
done
sql src 'CREATE TABLE a (id int PRIMARY KEY); INSERT INTO a VALUES (1)'
conf_task t
for server in src dst; do
	sed -i "/^	$server: /s,user = \"postgres\",user = \"rotated\"; password_file = \"$TMP/$server.password\"," "$CONF"
done
restarted() {			# a new series of attempts, which begins with short waits
	ctl restart t >/dev/null
	goes_on
}
cut_off() { sql "$1" "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'rotated'" >/dev/null; }
goes_on() {
	sql src 'INSERT INTO a SELECT max(id) + 1 FROM a'
	wait_state t running
	loaded t
	synced t
	compare public.a
}
goes_on_trying() { task_is t retrying || task_is t starting; }
refused() {			# ENDPOINT
	[ "$(task_get t error.sqlstate)" = 28P01 ] && ctl status t 2>/dev/null | grep -q "password_file of endpoint $1, $TMP/$1.password"
}

step 'a first start with the wrong password'
repld_start
wait_state t error
expect 'kind' config "$(task_get t error.kind)"
refused src || refused dst || fail 'the password file is not named'
for server in src dst; do
	echo one >"$TMP/$server.password"
done
ctl restart t >/dev/null
goes_on

for server in src dst; do
	step "$server: the role's password is changed while the task runs"
	restarted
	sql $server "ALTER ROLE rotated PASSWORD 'two'"
	task_is t running || fail 'a session is not asked for its password again'
	cut_off $server
	wait_for 10 refused $server || { ctl status t >&2 || :; fail 'the refused password is not said'; }
	holds 1 goes_on_trying || { ctl status t >&2 || :; fail 'the task does not try again'; }
	expect 'kind' retry "$(task_get t error.kind)"
	expect_text "retry in .*password authentication failed.*file of endpoint $server" "$TMP/repld.log"
	echo two >"$TMP/$server.password"
	goes_on
done

step 'the password file is away for a moment'
restarted
mv "$TMP/dst.password" "$TMP/away"
cut_off dst
away() { task_get t error.message | grep -q 'cannot open the password file'; }
wait_for 10 away || fail 'the missing file is not said'
holds 1 goes_on_trying || fail 'the task does not try again'
mv "$TMP/away" "$TMP/dst.password"
goes_on
for word in one two; do
	expect_no_text "[^a-z]${word}[^a-z]" "$TMP/repld.log"
done
repld_stop
