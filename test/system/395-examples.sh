#!/bin/sh
# The examples between unlike servers: what their comments tell a DBA to run is all that it takes. Their own SQL, their own file with sockets in place of hosts, and
# the task checks without a word, loads and streams; MySQL and MariaDB in turn.
# timeout: 240
TOP=$(cd "$(dirname "$0")/../.." && pwd)
. "$TOP/test/system/lib.sh"
needs postgresql mysql mariadb

# The SQL of a comment between two lines that begin like this.
said() {			# EXAMPLE FROM TO
	sed -n "/^# $2/,/^# $3/p" "$TOP/etc/examples/$1" | sed -n "s/^#   \([A-Z].*;\).*/\1/p" | sed "s/'\.\.\.'/'secret'/"
}
# Sockets in place of hosts, one password for all.
written() {			# EXAMPLE MYSQL-SERVER POSTGRESQL-SERVER
	# shellcheck disable=SC2016
	awk -v my="socket = \"$TMP/$2/sock\"; password_file = \"$TMP/password\";" -v pg="socket = \"$TMP/$3\"; port = $PORT; password_file = \"$TMP/password\";" '
		/^endpoints:/ { on = 1; print "daemon: { control_socket = \"" ENVIRON["REPLD_SOCKET"] "\"; };" }
		/^tasks:/ { on = 0 }
		on && /^  \{/ { mysql = 0 }
		on && /type = "mysql"/ { mysql = 1 }
		on && /password_file|tls_ca/ { next }
		on && /host = |socket = / { print mysql ? my : pg; next }
		{ print }' "$TOP/etc/examples/$1" >"$CONF"
}
(umask 077; echo secret >"$TMP/password")
pg_start pgsrc
pg_start dst
sql pgsrc 'CREATE DATABASE shop'
sql dst 'CREATE DATABASE warehouse'
fine() {			# TASK
	run_rc 0 "$REPLD" check -c "$CONF" "$1"
	expect_no_text '^  blocker|^  risk +[^f ]' "$TMP/out"	# fsync is off on a source of the tests
}

for server in mydst madst; do
	step "PostgreSQL to $(kind_of $server)"
	SRC=pgsrc DST=$server
	db_start $server
	DB=shop sql pgsrc "DROP TABLE IF EXISTS orders, order_item; CREATE TABLE orders (id int PRIMARY KEY, at timestamptz, note text);
		CREATE INDEX ON orders (at); CREATE TABLE order_item (id int, n int, price numeric(12,2), PRIMARY KEY (id, n));
		INSERT INTO orders SELECT g, now(), 'x' FROM generate_series(1, 500) g; INSERT INTO order_item SELECT g, 1, g FROM generate_series(1, 500) g;
		DROP PUBLICATION IF EXISTS repld_orders; DROP OWNED BY repld; DROP ROLE repld" 2>/dev/null ||
		DB=shop sql pgsrc "CREATE TABLE orders (id int PRIMARY KEY, at timestamptz, note text);
		CREATE INDEX ON orders (at); CREATE TABLE order_item (id int, n int, price numeric(12,2), PRIMARY KEY (id, n));
		INSERT INTO orders SELECT g, now(), 'x' FROM generate_series(1, 500) g; INSERT INTO order_item SELECT g, 1, g FROM generate_series(1, 500) g"
	DB=shop sql pgsrc "$(said pg-to-my.conf 'On the source' 'On the target')"
	DB='' sql $server "$(said pg-to-my.conf 'On the target' 'and, on MySQL')"
	written pg-to-my.conf $server pgsrc
	fine orders
	repld_start
	loaded orders
	DB=shop sql pgsrc 'UPDATE orders SET note = NULL WHERE id < 10; DELETE FROM order_item WHERE id > 100'
	synced orders
	expect 'orders' '500|9' "$(DB=site sql $server 'SELECT count(*), sum(note IS NULL) FROM orders')"
	expect 'items' '100|5050.00' "$(DB=site sql $server 'SELECT count(*), sum(price) FROM order_items')"
	repld_stop
	"$REPLD" cleanup -c "$CONF" orders --yes >/dev/null || fail cleanup
	db_stop $server
done

for server in mysrc masrc; do
	step "$(kind_of $server) to PostgreSQL"
	SRC=$server DST=dst
	db_start $server sync_binlog=1
	DB='' sql $server "CREATE DATABASE site CHARACTER SET utf8mb4"
	DB=site sql $server "CREATE TABLE visitor (id int PRIMARY KEY, seen datetime NULL, here tinyint(1)); CREATE TABLE cache_x (id int PRIMARY KEY);
		SET sql_mode = ''; INSERT INTO visitor VALUES (1, '0000-00-00', 1), (2, '2026-11-22 10:00:00', 0)"
	case $server in
	mysrc) said my-to-pg.conf 'and on MySQL 8' 'on MariaDB' ;;
	*) said my-to-pg.conf 'on MariaDB' 'On the target' ;;
	esac >"$TMP/rights"
	DB='' sqlf $server "$TMP/rights"
	DB=warehouse sql dst 'DROP SCHEMA IF EXISTS site, repld CASCADE; DROP OWNED BY repld; DROP ROLE repld' 2>/dev/null || :
	DB=warehouse sql dst "$(said my-to-pg.conf 'On the target' 'Then')"
	written my-to-pg.conf $server dst
	fine site
	repld_start
	loaded site
	DB=site sql $server "SET sql_mode = ''; INSERT INTO visitor VALUES (3, '0000-00-00', 1); UPDATE visitor SET here = 1 WHERE id = 2"
	synced site
	expect 'visitors' '1||t 2|2026-11-22 10:00:00|t 3||t' "$(DB=warehouse sql dst 'SELECT * FROM site.visitor ORDER BY id' | paste -s -d ' ')"
	expect 'other tables' 1 "$(DB=warehouse sql dst "SELECT count(*) FROM pg_tables WHERE schemaname = 'site'")"
	expect 'changed values' 2 "$(task_get site apply.policy_values)"
	repld_stop
	"$REPLD" cleanup -c "$CONF" site --yes >/dev/null || fail cleanup
	db_stop $server
done
