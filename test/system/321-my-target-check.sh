#!/bin/sh
# What `repld check` finds on a MySQL and a MariaDB target: commits that are not durable, a read-only server, rights that are missing with their GRANT,
# engines without transactions, triggers, columns and names that differ, keys that are one there, rows that are in the way; and nothing where all is well.
# timeout: 240
TOP=$(cd "$(dirname "$0")/../.." && pwd)
DST_KIND=mysql
. "$TOP/test/system/lib.sh"
needs postgresql mysql mariadb

db_start src
sql src 'CREATE TABLE good (id int PRIMARY KEY, v text);
	CREATE TABLE engine (id int PRIMARY KEY);
	CREATE TABLE fired (id int PRIMARY KEY);
	CREATE TABLE lacks (id int PRIMARY KEY, "Name" text, extra int);
	CREATE TABLE more (id int PRIMARY KEY);
	CREATE TABLE folds (k text PRIMARY KEY);
	CREATE TABLE full_one (id int PRIMARY KEY);
	CREATE TABLE "Case" (id int PRIMARY KEY, "a" int, "A" int);
	CREATE TABLE nokey (v int)'
sql src 'ALTER TABLE nokey REPLICA IDENTITY FULL'

check() {			# EXIT
	run_rc "$1" "$REPLD" check -c "$CONF" t
}

for kind in mysql mariadb; do
	DST_KIND=$kind
	case $kind in mysql) server=mydst ;; *) server=madst ;; esac
	DST=$server
	db_start $server log_bin=binlog sync_binlog=1
	step "$kind: nothing to find where repld makes the tables"
	conf_write <<-CONF
		t: { source = "src"; target = "$server"; tables = ( { include = "public.good"; } ); };
	CONF
	check 0

	step "$kind: commits that a crash may lose"
	sql $server 'SET GLOBAL sync_binlog = 0; SET GLOBAL innodb_flush_log_at_trx_commit = 2'
	check 1
	expect_text 'innodb_flush_log_at_trx_commit is 2' "$TMP/out"
	expect_text 'sync_binlog is 0' "$TMP/out"
	conf_write <<-CONF
		t: { source = "src"; target = "$server"; tables = ( { include = "public.good"; } ); durability = "relaxed"; };
	CONF
	check 0
	sql $server 'SET GLOBAL sync_binlog = 1; SET GLOBAL innodb_flush_log_at_trx_commit = 1; SET GLOBAL read_only = 1'
	step "$kind: a server that takes no writes"
	check 1
	expect_text 'the target is read-only' "$TMP/out"
	sql $server 'SET GLOBAL read_only = 0'

	step "$kind: tables that are there already"
	sql $server "CREATE TABLE engine (id int PRIMARY KEY) ENGINE=MyISAM;
		CREATE TABLE fired (id int PRIMARY KEY);
		CREATE TRIGGER fires BEFORE INSERT ON fired FOR EACH ROW SET NEW.id = NEW.id;
		CREATE TABLE lacks (id int PRIMARY KEY, name text);
		CREATE TABLE more (id int PRIMARY KEY, needed int NOT NULL);
		CREATE TABLE folds (k varchar(50) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci PRIMARY KEY);
		CREATE TABLE full_one (id int PRIMARY KEY); INSERT INTO full_one VALUES (1)"
	conf_write <<-CONF
		t: { source = "src"; target = "$server"; tables = ( { include = "public.*"; } ); };
	CONF
	check 1
	expect_text 'engine MyISAM has no transactions' "$TMP/out"
	expect_text 'ENGINE = InnoDB' "$TMP/out"
	expect_text 'column "Name" is "name" on the target' "$TMP/out"
	expect_text 'lacks column "extra"' "$TMP/out"
	expect_text 'ADD COLUMN .extra. int' "$TMP/out"
	expect_text 'column "needed" of the target is not null without a default' "$TMP/out"
	expect_text 'collation utf8mb4_general_ci' "$TMP/out"
	expect_text 'the table has rows already' "$TMP/out"
	if [ $kind = mysql ]; then
		expect_text "GRANT TRIGGER ON .app.\\..fired. TO 'repld_target'@'%'" "$TMP/out"
		expect_no_text 'trigger "fires"' "$TMP/out"	# it can't be seen
		sql $server "GRANT TRIGGER ON app.* TO repld_target@'%'"
		check 1
	fi
	expect_text 'trigger "fires" would fire' "$TMP/out"
	sql $server "REVOKE INSERT ON app.* FROM repld_target@'%'"
	check 1
	expect_text "GRANT INSERT ON .app.\\..(fired|lacks). TO 'repld_target'@'%'" "$TMP/out"
	sql $server "REVOKE CREATE ON repld.* FROM repld_target@'%'"
	check 1
	expect_text "GRANT CREATE ON .repld.\\.\\* TO 'repld_target'@'%'" "$TMP/out"
	expect 'what check left behind' 0 "$(sql $server "SELECT count(*) FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = 'repld'")"
done
