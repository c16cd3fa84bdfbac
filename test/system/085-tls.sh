#!/bin/sh
# TLS: verify-full against a CA of our own; the wrong CA and the wrong host name are refused before a password is sent, on both sides; a
# password never goes in clear; secrets are in no log and no process title. With roles that have no more than the README gives them.
# timeout: 150
TOP=$(cd "$(dirname "$0")/../.." && pwd)
. "$TOP/test/system/lib.sh"
skip_if_no_server
command -v openssl >/dev/null 2>&1 || skip 'openssl is not installed'

secret=s3cret-Wort
cd "$TMP" || exit
for ca in ca wrong; do
	openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj "/CN=$ca of the test" -keyout $ca.key -out $ca.crt 2>/dev/null
done
openssl req -newkey rsa:2048 -nodes -subj '/CN=localhost' -keyout server.key -out server.csr 2>/dev/null
echo 'subjectAltName=DNS:localhost' >server.ext
openssl x509 -req -in server.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 -extfile server.ext -out server.crt 2>/dev/null
printf '%s\n' "$secret" >password
chmod 600 password

# A server on 127.0.0.1 that takes only TLS with SCRAM from roles repld_*. The port is in $PORT_OF_NAME.
tls_start() {			# NAME
	pg_start "$1"
	pg_stop "$1"
	cp "$TMP/server.key" "$TMP/server.crt" "$TMP/$1/data/"
	[ -z "$as_postgres" ] || chown postgres "$TMP/$1/data/server.key" "$TMP/$1/data/server.crt"
	chmod 600 "$TMP/$1/data/server.key"
	cat >"$TMP/$1/data/pg_hba.conf" <<-HBA
		local all postgres trust
		hostssl app repld_src,repld_dst 127.0.0.1/32 scram-sha-256
		host app plain 127.0.0.1/32 password
	HBA
	for try in 1 2 3 4 5 6; do
		[ $try -lt 6 ] || fail 'no free port'
		port=$((20000 + $(random 20000)))
		(pg_start "$1" listen_addresses=127.0.0.1 ssl=on log_connections=on "port=$port") && break
	done
	ln -sf ".s.PGSQL.$port" "$TMP/$1/.s.PGSQL.$PORT"	# so that psql goes on by socket
	eval "port_$1=$port"
}
tls_start src
tls_start dst

# What the README says about roles, and no more.
sql src "CREATE TABLE a (id int PRIMARY KEY, t text); INSERT INTO a VALUES (1, 'one');
	CREATE ROLE repld_src LOGIN REPLICATION PASSWORD '$secret'; GRANT SELECT ON a TO repld_src; GRANT USAGE ON SCHEMA public TO repld_src;
	CREATE PUBLICATION repld_t FOR TABLE a; CREATE ROLE plain LOGIN REPLICATION PASSWORD '$secret'; GRANT SELECT ON a TO plain"
sql dst "CREATE ROLE repld_dst LOGIN PASSWORD '$secret'; GRANT CREATE ON DATABASE app TO repld_dst; GRANT CREATE, USAGE ON SCHEMA public TO repld_dst;
	CREATE ROLE plain LOGIN PASSWORD '$secret'"
[ "$PGVERSION" -lt 15 ] || sql dst 'GRANT SET ON PARAMETER session_replication_role TO repld_dst'
[ "$PGVERSION" -ge 15 ] || sql dst 'ALTER ROLE repld_dst SUPERUSER'

tls_conf() {			# SOURCE-OPTIONS TARGET-OPTIONS
	cat >"$CONF" <<-CONF
	daemon: { control_socket = "$REPLD_SOCKET"; };
	endpoints: {
		src: { dbname = "app"; port = $port_src; $1 };
		dst: { dbname = "app"; port = $port_dst; $2 };
	};
	tasks: { t: { source = "src"; target = "dst"; tables = ( { include = "public.a"; } ); }; };
	CONF
}
ca() { echo "tls_ca = \"$TMP/$1.crt\"; password_file = \"$TMP/password\";"; }
as_src="user = \"repld_src\"; $(ca ca)"
as_dst="user = \"repld_dst\"; $(ca ca)"

# Neither check nor the daemon comes in, and the server has seen no attempt to log in.
refused_by() {			# SERVER PATTERN
	before=$(grep -Ec 'connection authenticated|connection authorized.*repld|password authentication failed' "$TMP/$1/log" || :)
	rc=0
	timeout 60 "$REPLD" check -c "$CONF" >"$TMP/out" 2>&1 </dev/null || rc=$?
	[ $rc -eq 1 ] || [ $rc -eq 3 ] || { cat "$TMP/out"; fail "check exits with $rc"; }
	expect_text "$2" "$TMP/out"
	after=$(grep -Ec 'connection authenticated|connection authorized.*repld|password authentication failed' "$TMP/$1/log" || :)
	expect "attempts to log in on $1" "$before" "$after"
	expect_no_text "$secret" "$TMP/out"
	say "   $(grep -Ei -m 1 "$2" "$TMP/out" | cut -c 1-200)"
}

step 'the wrong CA, on the source and on the target'
tls_conf "host = \"localhost\"; user = \"repld_src\"; $(ca wrong)" "host = \"localhost\"; $as_dst"
refused_by src 'certificate|tls_ca'
tls_conf "host = \"localhost\"; $as_src" "host = \"localhost\"; user = \"repld_dst\"; $(ca wrong)"
refused_by dst 'certificate|tls_ca'

step 'the wrong host name; the system CA file by default; a CA file that is not there'
tls_conf "host = \"127.0.0.1\"; $as_src" "host = \"localhost\"; $as_dst"
refused_by src 'certificate|host'
tls_conf "host = \"localhost\"; $as_src" "host = \"127.0.0.1\"; $as_dst"
refused_by dst 'certificate|host'
tls_conf "host = \"localhost\"; user = \"repld_src\"; password_file = \"$TMP/password\";" "host = \"localhost\"; $as_dst"
refused_by src 'certificate|tls_ca'

step 'a server without TLS'
sql src "ALTER SYSTEM SET ssl = off"
pg_reload src
tls_conf "host = \"localhost\"; $as_src" "host = \"localhost\"; $as_dst"
refused_by src 'SSL|TLS'
sql src "ALTER SYSTEM SET ssl = on"
pg_reload src

step 'a password file that others can read'
chmod 644 password
rc=0
"$REPLD" check -c "$CONF" >"$TMP/out" 2>&1 </dev/null || rc=$?
[ $rc -ne 0 ] || fail 'a password file that others can read is taken'
expect_text 'password' "$TMP/out"
chmod 600 password

step 'without TLS a password goes by challenge only, never in clear'
tls_conf "host = \"127.0.0.1\"; tls = \"disable\"; user = \"plain\"; password_file = \"$TMP/password\";" "host = \"localhost\"; $as_dst"
refused_by src 'password|authentication'
expect_no_text 'connection authorized: user=plain' "$TMP/src/log"

step 'the right CA and name, with the roles of the README'
tls_conf "host = \"localhost\"; $as_src" "host = \"localhost\"; $as_dst"
run_rc 0 "$REPLD" check -c "$CONF"
PGPASSWORD=wrong PGSSLMODE=disable PGHOST=nowhere.invalid PGUSER=nobody PGOPTIONS='-c datestyle=SQL'
export PGPASSWORD PGSSLMODE PGHOST PGUSER PGOPTIONS		# counts for nothing
repld_start
unset PGPASSWORD PGSSLMODE PGHOST PGUSER PGOPTIONS
loaded t
sql src "INSERT INTO a VALUES (2, 'two')"
synced t
compare public.a
expect 'connections of the roles without TLS' 0 "$(for s in src dst; do sql $s "SELECT count(*) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)
	WHERE usename LIKE 'repld%' AND NOT ssl"; done | sort -u)"

step 'the password is rotated: read again at the next connection'
sql src "ALTER ROLE repld_src PASSWORD 'another'"
printf 'another\n' >password
sql dst "ALTER ROLE repld_dst PASSWORD 'another'"
sql src "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'repld_src'" >/dev/null
sql dst "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'repld_dst'" >/dev/null
sql src "INSERT INTO a VALUES (3, 'three')"
synced t
compare public.a

step 'secrets show nowhere'
for pid in $REPLD_PID $(children_of "$REPLD_PID"); do
	tr '\0' '\n' <"/proc/$pid/cmdline" >"$TMP/out"
	tr '\0' '\n' <"/proc/$pid/environ" >>"$TMP/out"
	expect_no_text "$secret|another" "$TMP/out"
done
ctl status --json --tables >"$TMP/out"
expect_no_text "$secret|another" "$TMP/out"
repld_stop
expect_no_text "$secret|another" "$TMP/repld.log"
