#!/bin/sh
# TLS to a MySQL and a MariaDB target: verify-full against an authority of our own; a wrong authority, a wrong name and a server without TLS are refused
# before anything is sent; "require" wants encryption all the same. Passwords: caching_sha2_password and ed25519, over TLS and by challenge; a wrong one
# is told with its option, and no secret is in a log. Rows go through it.
# timeout: 240
TOP=$(cd "$(dirname "$0")/../.." && pwd)
DST_KIND=mysql
. "$TOP/test/system/lib.sh"
needs postgresql mysql mariadb
command -v openssl >/dev/null 2>&1 || skip 'openssl is not installed'

secret=s3cret-Wort
(umask 077; printf '%s\n' "$secret" >"$TMP/password"; printf 'another\n' >"$TMP/wrong")
db_start src
sql src "CREATE TABLE a (id int PRIMARY KEY, t text); INSERT INTO a VALUES (1, 'one'), (2, NULL)"
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj '/CN=somebody else' -keyout "$TMP/other.key" -out "$TMP/other.pem" 2>/dev/null

target() {			# OPTIONS
	cat >"$CONF" <<-CONF
	daemon: { control_socket = "$REPLD_SOCKET"; };
	endpoints: {
		src: { type = "postgresql"; role = "source"; socket = "$TMP/src"; port = $PORT; dbname = "app"; user = "postgres"; };
		dst: { type = "mysql"; role = "target"; dbname = "app"; port = $port; $1 };
	};
	tasks: { t: { source = "src"; target = "dst"; tables = ( { include = "public.a"; } ); }; };
	CONF
}
finds() {			# EXIT PATTERN
	run_rc "$1" "$REPLD" check -c "$CONF" t
	[ -z "${2:-}" ] || expect_text "$2" "$TMP/out"
	expect_no_text "$secret" "$TMP/out"
}

for server in mydst madst; do
	DST=$server
	# shellcheck disable=SC2046
	db_start $server tcp=yes $(tls_options)
	port=$(cat "$TMP/$server/port")
	sql $server "ALTER USER repld_target_tls@'%' IDENTIFIED BY '$secret'; CREATE USER plain@'%' IDENTIFIED BY '$secret';
		GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, INDEX, TRIGGER ON app.* TO plain@'%';
		GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, DROP ON repld.* TO plain@'%'"
	with="user = \"repld_target_tls\"; password_file = \"$TMP/password\";"

	step "$server: the certificate is held against authority and name"
	target "host = \"localhost\"; $with tls_ca = \"$TMP/tls/ca.pem\";"
	finds 0
	target "host = \"127.0.0.1\"; $with tls_ca = \"$TMP/tls/ca.pem\";"
	finds 0
	target "host = \"localhost\"; $with tls_ca = \"$TMP/other.pem\";"
	finds 3 'Validation of SSL server certificate failed|certificate'
	expect_text 'tls_ca of endpoint dst' "$TMP/out"
	target "host = \"127.1\"; $with tls_ca = \"$TMP/tls/ca.pem\";"
	finds 3 'certificate'
	target "host = \"localhost\"; $with tls = \"require\";"
	finds 0
	target "host = \"localhost\"; user = \"repld_target_tls\"; password_file = \"$TMP/wrong\"; tls_ca = \"$TMP/tls/ca.pem\";"
	finds 3 'correct the password in password_file of endpoint dst'

	step "$server: without TLS the password goes by challenge, and only where that is wished"
	target "host = \"127.0.0.1\"; user = \"plain\"; password_file = \"$TMP/password\"; tls = \"disable\";"
	finds 0
	target "host = \"127.0.0.1\"; $with tls = \"disable\";"
	finds 3 'denied|SSL|secure'

	step "$server: rows go through TLS"
	target "host = \"localhost\"; $with tls_ca = \"$TMP/tls/ca.pem\";"
	repld_start
	loaded t
	sql src "INSERT INTO a SELECT g, repeat('x', 5000) FROM generate_series(10, 3000) g"
	synced t
	compare public.a
	expect 'sessions in clear' 0 "$(sql $server "SELECT count(*) FROM information_schema.PROCESSLIST WHERE USER = 'plain'")"
	repld_stop
	expect_no_text "$secret" "$TMP/repld.log"
	"$REPLD" cleanup -c "$CONF" t --yes >/dev/null || fail cleanup
	sql $server 'DROP TABLE a'
	sql src 'DELETE FROM a WHERE id > 2'
	db_stop $server
done

step 'a server without TLS is told nothing'
rm -f "$TMP/mydst/port.old"
sed -i '/^ssl-/d' "$TMP/mydst/my.cnf"
db_start mydst tls-version=
port=$(cat "$TMP/mydst/port")
target "host = \"localhost\"; $with tls = \"require\";"
finds 3 'does not offer TLS'
