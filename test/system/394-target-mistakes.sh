#!/bin/sh
# A MySQL and a MariaDB target with the rights that the README names, and no more: tables are made with their indexes, a load that is cut short begins again; each
# right that is missing is named once with its GRANT, which helps. Names that the server does not take are found before it is asked for them.
# timeout: 240
TOP=$(cd "$(dirname "$0")/../.." && pwd)
. "$TOP/test/system/lib.sh"
needs postgresql mysql mariadb

(umask 077; echo secret >"$TMP/password")
pg_start src
sql src "CREATE TABLE a (id int PRIMARY KEY, u int UNIQUE, v varchar(50)); CREATE INDEX ON a (v); CREATE TABLE b (id int PRIMARY KEY);
	INSERT INTO a SELECT g, g, 'v' || g FROM generate_series(1, 20000) g; INSERT INTO b VALUES (1)"

task() {			# TABLES [OPTIONS]
	cat >"$CONF" <<-CONF
	daemon: { control_socket = "$REPLD_SOCKET"; };
	endpoints: {
		src: { role = "source"; socket = "$TMP/src"; port = $PORT; dbname = "app"; user = "postgres"; };
		dst: { type = "mysql"; role = "target"; socket = "$TMP/$server/sock"; dbname = "app"; user = "least"; password_file = "$TMP/password"; };
	};
	tasks: { t: { source = "src"; target = "dst"; tables = ( $1 ); ${2:-} }; };
	CONF
}
both='{ include = "public.a"; }, { include = "public.b"; }'
check() {			# EXIT
	run_rc "$1" "$REPLD" check -c "$CONF" t
}
lacks() {			# RIGHT DATABASE
	sql $server "REVOKE $1 ON $2.* FROM least@'%'"
	check 1
	expect "blockers for want of $1" 1 "$(grep -c '^  blocker' "$TMP/out")"
	fix=$(sed -n 's/^ *fix: \(GRANT .*\)$/\1/p' "$TMP/out")
	say "   $fix"
	expect "the fix" "GRANT $1 ON \`$2\`.* TO 'least'@'%'" "$fix"
	sql $server "$fix"
}

for server in mydst madst; do
	case $server in mydst) name=MySQL ;; *) name=MariaDB ;; esac
	DST=$server
	db_start $server
	sql $server "CREATE USER least@'%' IDENTIFIED BY 'secret';
		GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, INDEX ON app.* TO least@'%';
		GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, DROP ON repld.* TO least@'%'"

	step "$name: each right of them is needed, and said once"
	task "$both"
	check 0
	for right in SELECT INSERT UPDATE DELETE CREATE DROP INDEX; do
		lacks $right app
	done
	for right in SELECT INSERT UPDATE DELETE CREATE; do
		lacks $right repld
	done
	check 0

	step "$name: with them tables are made and loaded, once more after a kill in between, and streamed"
	task "$both" 'full_load: { max_rate = "64kB"; };'
	repld_start
	rows_came() { [ "$(task_get t full_load.rows)" -gt 1000 ]; }
	wait_for 30 rows_came || fail 'the load does not begin'
	repld_kill
	task "$both"
	repld_start
	loaded t
	joined t
	expect 'indexes' 3 "$(sql $server "SELECT count(DISTINCT INDEX_NAME) FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = 'app' AND TABLE_NAME = 'a'")"
	sql src "UPDATE a SET v = 'w' WHERE id % 100 = 0; UPDATE a SET u = u + 100000 WHERE id < 10; DELETE FROM a WHERE id = 11; TRUNCATE b; INSERT INTO b VALUES (2)"
	synced t
	compare public.a public.b
	ctl resync t public.a --yes >/dev/null || fail resync
	joined t
	synced t
	compare public.a public.b
	repld_stop

	step "$name: cleaning up takes DROP on repld, and says so"
	sql $server "REVOKE DROP ON repld.* FROM least@'%'"
	run_rc 1 "$REPLD" cleanup -c "$CONF" t --yes
	expect_text 'GRANT DROP ON repld\.\* to the account of endpoint dst' "$TMP/out"
	sql $server "GRANT DROP ON repld.* TO least@'%'; DROP TABLE app.a, app.b"
	run_rc 0 "$REPLD" cleanup -c "$CONF" t --yes
	sql src "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots" >/dev/null

	step "$name: odd names: those that it does not take"
	sql src 'CREATE TABLE "😀" (id int PRIMARY KEY); CREATE TABLE smile (id int PRIMARY KEY, "a😀" int); CREATE TABLE ends (id int PRIMARY KEY, "c " int);
		CREATE TABLE cased (id int PRIMARY KEY, "C" int, c int)'
	task '{ include = "public.*"; }'
	check 1
	expect_text 'the name "😀" has a character that MySQL does not take in names' "$TMP/out"
	expect_text 'give the table another name by target' "$TMP/out"
	expect_text 'name of column "a😀" has a character that MySQL does not take' "$TMP/out"
	expect_text 'name of column "c " ends with a blank' "$TMP/out"
	expect_text 'columns "C" and "c" differ in case alone' "$TMP/out"
	repld_start
	wait_state t error
	repld_stop
	sql src 'DROP TABLE smile, ends, cased'

	step "$name: odd names: those that it takes"
	long=$(printf 'n%.0s' 1 2 3 4 5 6)$(printf '0123456789' | sed 's/.*/&&&&&/')
	sql src "CREATE TABLE \"q\"\"u\`o'te; \\ x\" (\"the key\" int PRIMARY KEY, \"a\`b\" text, \"select\" int, \"d\"\"q\" int);
		CREATE TABLE \"order\" (id int PRIMARY KEY, \"group\" int); CREATE TABLE \"$long\" (\"$long\" int PRIMARY KEY);
		INSERT INTO \"q\"\"u\`o'te; \\ x\" VALUES (1, 'x', 2, 3); INSERT INTO \"order\" VALUES (1, 2); INSERT INTO \"$long\" VALUES (1)"
	task '{ include = "public.*"; }, { include = "public.😀"; target = "app.smile"; }'
	check 0
	repld_start
	loaded t
	sql src "INSERT INTO \"q\"\"u\`o'te; \\ x\" VALUES (2, 'y', 3, 4); UPDATE \"order\" SET \"group\" = 3; INSERT INTO \"$long\" VALUES (2); INSERT INTO \"😀\" VALUES (5)"
	synced t
	expect rows '1|x|2|3 2|y|3|4' "$(sql $server "SELECT * FROM app.\`q\"u\`\`o'te; \\ x\` ORDER BY 1" | paste -s -d ' ')"
	expect rows '1|3' "$(sql $server 'SELECT * FROM app.`order`')"
	expect rows 2 "$(sql $server "SELECT count(*) FROM app.\`$long\`")"
	expect rows 5 "$(sql $server 'SELECT * FROM app.smile')"
	repld_stop
	"$REPLD" cleanup -c "$CONF" t --yes >/dev/null || fail cleanup
	sql src "DROP TABLE \"q\"\"u\`o'te; \\ x\", \"order\", \"$long\", \"😀\""
	db_stop $server
done
