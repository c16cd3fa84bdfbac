#!/bin/sh
# repld check: every mistake in the configuration with file, line, option and what was expected (exit 2); every blocker on the servers
# with its fix, all at once (exit 1), before anything is written; a server that can't be reached (exit 3).
# timeout: 120
TOP=$(cd "$(dirname "$0")/../.." && pwd)
. "$TOP/test/system/lib.sh"
skip_if_no_server

# ---- the configuration alone: no server runs yet ------------------------------------------------------------------

# refused TEXT-OF-THE-MESSAGE LINE-NUMBER <<CONF
refused() {
	cat >"$CONF"
	for command in "check --offline" "check" ""; do
		run_rc 2 "$REPLD" $command -c "$CONF"
		expect_text "$1" "$TMP/out"
		expect_text "repld\.conf:$2:" "$TMP/out"
	done
	say "   $(grep -m 1 "repld\.conf:$2:" "$TMP/out" | sed "s,$TMP/,,")"
}
# two sockets where nobody listens; the servers are made later
endpoints="a: { socket = \"$TMP/src\"; dbname = \"app\"; user = \"postgres\"; }; b: { socket = \"$TMP/dst\"; dbname = \"app\"; user = \"postgres\"; };"
good='tables = ( { include = "public.*"; } );'

step 'mistakes in the file'
refused 'max_row' 4 <<CONF
endpoints: { $endpoints };
tasks: { t: {
source = "a"; target = "b"; $good
apply: { max_row = 5; }; }; };
CONF
refused 'max_rows' 2 <<CONF
endpoints: { $endpoints }; tasks: { t: { source = "a"; target = "b"; $good
apply: { max_rows = "many"; }; }; };
CONF
refused 'max_rows' 2 <<CONF
endpoints: { $endpoints }; tasks: { t: { source = "a"; target = "b"; $good
apply: { max_rows = 0; }; }; };
CONF
refused 'ring_size' 2 <<CONF
endpoints: { $endpoints }; tasks: { t: { source = "a"; target = "b"; $good
staging: { ring_size = "64 bananas"; }; }; };
CONF
refused 'nowhere' 2 <<CONF
endpoints: { $endpoints }; tasks: { t: { $good source = "a";
target = "nowhere"; }; };
CONF
refused 'role' 4 <<CONF
endpoints: { $endpoints
c: { role = "source"; socket = "$TMP/dst"; dbname = "app"; user = "postgres"; }; };
tasks: { t: { $good source = "a";
target = "c"; }; };
CONF
refused 'slot' '[34]' <<CONF
endpoints: { $endpoints };
tasks: { t: { source = "a"; target = "b"; $good postgresql: { slot = "same"; }; };
u: { source = "a"; target = "b"; $good postgresql: { slot = "same"; }; };
};
CONF
refused 'mode' 2 <<CONF
endpoints: { $endpoints }; tasks: { t: { source = "a"; target = "b"; $good
mode = "full"; }; };
CONF
refused 'tables' '[12]' <<CONF
endpoints: { $endpoints }; tasks: {
t: { source = "a"; target = "b"; }; };
CONF
refused 'Big' 2 <<CONF
endpoints: { $endpoints }; tasks: {
Big: { source = "a"; target = "b"; $good }; };
CONF
refused 'tls' 2 <<CONF
endpoints: { $endpoints c: { host = "localhost"; dbname = "x"; user = "y";
tls = "prefer"; }; };
tasks: { };
CONF
refused 'syntax' 3 <<CONF
endpoints: { $endpoints };
tasks: { t: { source = "a";
target = = "b"; }; };
CONF

step 'several mistakes at once are all named; an included file is named by its own name'
cat >"$CONF" <<CONF
endpoints: { $endpoints };
@include "$TMP/tasks.conf"
CONF
cat >"$TMP/tasks.conf" <<CONF
tasks: { t: { source = "a"; target = "b"; $good
apply: { max_delay = 7; mode = "fast"; };
colour = "red"; }; };
CONF
run_rc 2 "$REPLD" check -c "$CONF" --offline
expect_text 'tasks\.conf:3:.*colour' "$TMP/out"
expect_text 'tasks\.conf:2:.*mode' "$TMP/out"
expect_text 'tasks\.conf:2:.*max_delay' "$TMP/out"

step 'usage'
run_rc 2 "$REPLD" check -c "$TMP/not-there.conf"
expect_text 'not-there\.conf' "$TMP/out"
run_rc 2 "$REPLD" check -c "$CONF" --no-such-option
run_rc 2 "$REPLD" frobnicate
run_rc 2 "$REPLD" ctl frobnicate
run_rc 2 "$REPLD" ctl pause
run_rc 3 "$REPLD" ctl -s "$TMP/no.sock" status
run_rc 0 "$REPLD" --version
expect_text '^repld [0-9]' "$TMP/out"
run_rc 0 "$REPLD" --help
expect_text 'check' "$TMP/out"
expect_text 'ctl' "$TMP/out"

step 'the sample file is accepted'
run_rc 0 "$REPLD" check -c "$TOP/etc/repld.conf" --offline

# ---- servers ------------------------------------------------------------------------------------------------------

json_good() {			# what --json says is one JSON value
	"$REPLD" check -c "$CONF" --json </dev/null 2>/dev/null | json_flat >"$TMP/flat" || fail 'check --json is no JSON'
	[ -s "$TMP/flat" ] || fail 'check --json says nothing'
}
blocked() {			# PATTERN...: exit 1, all of them named, each blocker with a fix, nothing made
	run_rc 1 "$REPLD" check -c "$CONF"
	for pattern in "$@"; do
		expect_text "$pattern" "$TMP/out"
	done
	expect_text 'fix' "$TMP/out"
	json_good
	say "   named: $*"
}

step 'a server that is down'
cat >"$CONF" <<CONF
endpoints: { $endpoints };
tasks: { t: { source = "a"; target = "b"; $good }; };
CONF
run_rc 0 "$REPLD" check -c "$CONF" --offline
run_rc 3 "$REPLD" check -c "$CONF"
expect_text "$TMP/src|source|endpoint a" "$TMP/out"

step 'wal_level'
pg_start src wal_level=replica
pg_start dst
sql src 'CREATE TABLE a (id int PRIMARY KEY, name varchar(20), n bigint)'
conf_task t
blocked wal_level

step 'no free slot'
pg_stop src
pg_start src wal_level=logical max_replication_slots=1
sql src "SELECT pg_create_physical_replication_slot('other')" >/dev/null
blocked max_replication_slots
sql src "SELECT pg_drop_replication_slot('other')" >/dev/null
pg_stop src
pg_start src max_replication_slots=10

step 'tables: no identity, unlogged; columns of the target missing or too narrow; all at once'
sql src "CREATE TABLE no_identity (a int); CREATE UNLOGGED TABLE unlogged (a int PRIMARY KEY);
	CREATE TABLE narrow (id bigint PRIMARY KEY, name varchar(20), n bigint, extra text)"
sql dst "CREATE TABLE narrow (id bigint PRIMARY KEY, name varchar(10), n smallint)"
blocked no_identity "unlogged.*not in the log" narrow.*name narrow.*extra
expect_text 'REPLICA IDENTITY FULL|PRIMARY KEY' "$TMP/out"
expect_text 'ALTER TABLE .*narrow' "$TMP/out"
expect 'nothing is made' '0|0' "$(sql src 'SELECT (SELECT count(*) FROM pg_replication_slots), (SELECT count(*) FROM pg_publication)')"
expect 'nothing is made on the target' 0 "$(sql dst "SELECT count(*) FROM pg_namespace WHERE nspname = 'repld'")"

step 'the daemon refuses the same, and the task says so'
repld_start
wait_state t error
expect_text no_identity "$TMP/repld.log"
case $(task_get t error.remedy) in '' | null) fail 'no remedy' ;; esac
repld_stop
expect 'nothing is made' 0 "$(sql src 'SELECT count(*) FROM pg_replication_slots')"
sql src 'DROP TABLE no_identity, unlogged, narrow'
sql dst 'DROP TABLE narrow'

step 'a publication that repld did not make, without the table'
sql src 'CREATE PUBLICATION repld_t'
blocked 'publication.*repld_t' 'ALTER PUBLICATION'
sql src 'DROP PUBLICATION repld_t'

step 'the slot is in use'
sql src "SELECT pg_create_logical_replication_slot('repld_t', 'pgoutput')" >/dev/null
sql src 'CREATE PUBLICATION repld_t FOR TABLE a'
background "$PGBIN/pg_recvlogical" -h "$TMP/src" -p $PORT -U postgres -d $DB -S repld_t --start -f /dev/null -o proto_version=1 \
	-o publication_names=repld_t
in_use() { [ "$(sql src 'SELECT active FROM pg_replication_slots')" = t ]; }
wait_for 10 in_use
"$REPLD" check -c "$CONF" >"$TMP/out" 2>&1 </dev/null && fail 'a slot in use is fine with check'
expect_text 'repld_t' "$TMP/out"
expect_text 'in use|active' "$TMP/out"
kill "$BG"
wait_for 10 gone "$BG"
sql src "SELECT pg_drop_replication_slot('repld_t')" >/dev/null
sql src 'DROP PUBLICATION repld_t'

sql dst 'DROP SCHEMA IF EXISTS repld CASCADE'
step 'privileges: no REPLICATION, no SELECT, no CREATE on the target'
sql src 'CREATE ROLE weak LOGIN'
sql dst "CREATE ROLE weak LOGIN; REVOKE ALL ON SCHEMA public FROM PUBLIC; GRANT USAGE ON SCHEMA public TO weak;
	CREATE TABLE a (id int PRIMARY KEY, name varchar(20), n bigint);
	CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS \$\$ BEGIN RETURN NEW; END \$\$;
	CREATE TRIGGER fires BEFORE INSERT ON a FOR EACH ROW EXECUTE FUNCTION f()"
sed -i 's/user = "postgres"/user = "weak"/' "$CONF"
blocked 'REPLICATION' 'SELECT' 'session_replication_role' 'CREATE' 'INSERT'
sed -i 's/user = "weak"/user = "postgres"/' "$CONF"
sql dst 'DROP TABLE a'

step 'row-level security that would filter'
sql src "CREATE ROLE mid LOGIN REPLICATION; GRANT SELECT ON a TO mid; GRANT CREATE ON DATABASE app TO mid;
	ALTER TABLE a ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON a USING (id < 10); CREATE PUBLICATION repld_t FOR TABLE a"
sed -i '/src: /s/user = "postgres"/user = "mid"/' "$CONF"
blocked 'row.level security'
sed -i 's/user = "mid"/user = "postgres"/' "$CONF"
sql src 'ALTER TABLE a DISABLE ROW LEVEL SECURITY; DROP PUBLICATION repld_t'

step 'a target whose commits are not durable'
pg_stop dst
pg_start dst fsync=off
blocked fsync durability
sed -i 's/tables = /durability = "relaxed"; tables = /' "$CONF"
run_rc 0 "$REPLD" check -c "$CONF"

step 'nothing matches; a user that does not exist'
conf_write <<'CONF'
	t: { source = "src"; target = "dst"; tables = ( { include = "public.nothing_like_it"; } ); durability = "relaxed"; };
CONF
"$REPLD" check -c "$CONF" >"$TMP/out" 2>&1 </dev/null && fail 'a rule that matches nothing is fine with check'
expect_text 'nothing_like_it|no table' "$TMP/out"
sed -i '/dst: /s/user = "postgres"/user = "nobody_here"/' "$CONF"
"$REPLD" check -c "$CONF" >"$TMP/out" 2>&1 </dev/null && fail 'an unknown user is fine with check'
expect_text 'nobody_here' "$TMP/out"
