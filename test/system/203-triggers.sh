#!/bin/sh
# What the target has of its own beside rows: triggers, foreign keys with their actions, rules, tables that inherit, policies, views in
# the place of tables. With the right to set the replica role, by the role's own settings, without it, and under fire_triggers.
# timeout: 150
TOP=$(cd "$(dirname "$0")/../.." && pwd)
. "$TOP/test/system/lib.sh"
skip_if_no_server

check() {			# EXIT: its findings in $TMP/out
	run_rc "$1" "$REPLD" check -c "$CONF" ${2:-}
}
changes() {			# N: parents and children, as a source with cascades does it
	cat >"$TMP/changes.sql" <<-SQL
		BEGIN; INSERT INTO parent SELECT $1 + g, 'p' FROM generate_series(1, 4) g;
			INSERT INTO child SELECT $1 * 10 + g, $1 + 1 + g % 4, 'c' FROM generate_series(1, 20) g;
			INSERT INTO item SELECT $1 + 1 + g % 4, g, 'i' FROM generate_series(1, 20) g;
			INSERT INTO loose SELECT $1 * 10 + g, $1 + 1 + g % 4 FROM generate_series(1, 8) g; COMMIT;
		UPDATE parent SET id = id + 500 WHERE id = $1 + 1; UPDATE parent SET v = 'q' WHERE id = $1 + 2;
		DELETE FROM parent WHERE id = $1 + 3; UPDATE child SET v = 'd' WHERE id % 3 = 0; DELETE FROM child WHERE id % 5 = 0;
		BEGIN; INSERT INTO late VALUES ($1 + 1, $1 + 2); INSERT INTO late VALUES ($1 + 2, NULL); COMMIT;
		INSERT INTO ruled VALUES ($1 + 1, 'r'); UPDATE ruled SET v = 's' WHERE id = $1 + 1; INSERT INTO ruled VALUES ($1 + 2, 'r');
	SQL
	sqlf src "$TMP/changes.sql"
}
tables='public.parent public.child public.item public.loose public.late public.ruled'
ddl='CREATE TABLE parent (id int PRIMARY KEY, v text);
	CREATE TABLE child (id int PRIMARY KEY, parent int REFERENCES parent ON DELETE CASCADE ON UPDATE CASCADE, v text);
	CREATE TABLE item (parent int REFERENCES parent ON DELETE CASCADE ON UPDATE CASCADE, line int, v text, PRIMARY KEY (parent, line));
	CREATE TABLE loose (id int PRIMARY KEY, parent int REFERENCES parent ON DELETE SET NULL ON UPDATE CASCADE);
	CREATE TABLE late (id int PRIMARY KEY, next int REFERENCES late DEFERRABLE INITIALLY DEFERRED);
	CREATE TABLE ruled (id int PRIMARY KEY, v text);'

pg_start src
pg_start dst
sql src "$ddl"
sql dst "$ddl
	CREATE TABLE fired (n bigserial, what text);
	CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS \$\$BEGIN
		INSERT INTO public.fired (what) VALUES (TG_NAME || ' ' || TG_OP); RETURN coalesce(NEW, OLD); END\$\$;
	CREATE TRIGGER usual BEFORE INSERT OR UPDATE OR DELETE ON child FOR EACH ROW EXECUTE FUNCTION note();
	CREATE TRIGGER always BEFORE INSERT OR UPDATE OR DELETE ON item FOR EACH ROW EXECUTE FUNCTION note();
	ALTER TABLE item ENABLE ALWAYS TRIGGER always;
	CREATE RULE lost AS ON INSERT TO ruled DO INSTEAD NOTHING;
	ALTER TABLE late ALTER CONSTRAINT late_next_fkey DEFERRABLE INITIALLY IMMEDIATE;
	CREATE ROLE app LOGIN; GRANT CREATE, TEMPORARY ON DATABASE app TO app; GRANT CREATE, USAGE ON SCHEMA public TO app;
	GRANT ALL ON ALL TABLES IN SCHEMA public TO app; GRANT USAGE ON SEQUENCE fired_n_seq TO app"
sql src 'CREATE ROLE app LOGIN SUPERUSER'
fired() { sql dst "SELECT count(*) FROM fired WHERE what LIKE '$1%'"; }
start_over() {
	repld_stop
	run_rc 0 "$REPLD" cleanup t -c "$CONF" --yes
	sql dst "TRUNCATE parent, child, item, loose, late, ruled, fired"
}

step 'with the right: nothing of it acts but what is enabled always, which the check names'
conf_task t
check 0
expect_text 'trigger "always" is enabled for replicas' "$TMP/out"
expect_no_text 'usual|"lost"|would fire' "$TMP/out"
repld_start
loaded t
changes 1000
synced t
compare $tables
expect 'fired' 0 "$(fired usual)"
[ "$(fired always)" -ge 15 ] || fail 'a trigger that is enabled always has not fired'

step 'a rule that is enabled always and takes the place of rows is refused'
sql dst 'ALTER TABLE ruled ENABLE ALWAYS RULE lost'
check 1
expect_text 'rule "lost" takes the place of what repld writes' "$TMP/out"
repld_stop
repld_start
wait_state t error
sql dst 'ALTER TABLE ruled ENABLE RULE lost'
ctl start t >/dev/null 2>&1 || ctl restart t >/dev/null
sql src "INSERT INTO ruled VALUES (9999, 'x')"
synced t
compare public.ruled
start_over

step 'without the right: refused, with each trigger, foreign key and rule by its name'
ROLE=app
conf_task t
check 1
for name in 'trigger "usual"' 'foreign key "child_parent_fkey"' 'foreign key "item_parent_fkey"' 'trigger "always"' 'rule "lost"'; do
	expect_text "$name (would fire|takes the place)" "$TMP/out"
done
expect_text 'GRANT SET ON PARAMETER session_replication_role' "$TMP/out"
repld_start
wait_state t error
expect_text 'stopped: .* would fire on what repld writes, as the role may not set session_replication_role' "$TMP/repld.log"
expect 'rows written' 0 "$(sql dst 'SELECT count(*) FROM child')"
start_over

step 'a role that starts in replica role needs no right'
sql dst 'ALTER ROLE app SET session_replication_role = replica'
check 0
repld_start
loaded t
changes 2000
synced t
compare $tables
expect 'fired' 0 "$(fired usual)"

step 'which would keep triggers from firing where they shall'
start_over
sql dst 'ALTER TABLE ruled DISABLE RULE lost'
conf_task t 'apply: { fire_triggers = true; }; full_load: { parallel_tables = 1; };'
check 1
expect_text 'start in replica role' "$TMP/out"
expect_text 'ALTER ROLE app RESET session_replication_role' "$TMP/out"

step 'fire_triggers: triggers fire, and foreign keys with their actions agree with what the source did'
sql dst 'ALTER ROLE app RESET session_replication_role'
check 0
repld_start
loaded t
changes 3000
synced t
ctl pause t >/dev/null
changes 4000
changes 5000
ctl resume t >/dev/null
synced t
compare $tables
[ "$(fired usual)" -gt 50 ] || fail 'triggers have not fired'
expect 'batches written again' 0 "$(task_get t apply.fallbacks)"
expect 'state' running "$(task_get t state)"
repld_stop
sql dst "TRUNCATE parent, child, item, loose, late, ruled, fired"
run_rc 0 "$REPLD" cleanup t -c "$CONF" --yes
ROLE=postgres

step 'rows of tables that inherit from a target table are not touched'
sql src 'CREATE TABLE heir (id int, v text); ALTER TABLE heir REPLICA IDENTITY FULL; CREATE TABLE keyed (id int PRIMARY KEY, v text);
	INSERT INTO heir VALUES (1, $$a$$); INSERT INTO keyed VALUES (1, $$a$$)'
sql dst 'CREATE TABLE heir (id int, v text); CREATE TABLE heir_2 () INHERITS (heir);
	CREATE TABLE keyed (id int PRIMARY KEY, v text); CREATE TABLE keyed_2 () INHERITS (keyed);
	INSERT INTO heir_2 VALUES (1, $$a$$); INSERT INTO keyed_2 VALUES (1, $$a$$), (2, $$a$$)'
conf_write <<'CONF'
	t: { source = "src"; target = "dst"; tables = ( { include = "public.(heir|keyed)"; } ); };
CONF
sed -i 's/include = "public.(heir|keyed)"; }/include = "public.heir"; }, { include = "public.keyed"; }/' "$CONF"
repld_start
loaded t
sql src "UPDATE heir SET v = 'b'; DELETE FROM heir; INSERT INTO heir VALUES (2, 'n'); UPDATE keyed SET v = 'b'; UPDATE keyed SET id = 2"
sql src "DELETE FROM keyed WHERE id = 2; INSERT INTO keyed VALUES (5, 'v')"
synced t
expect 'children' 'heir 1 a, keyed 1 a, keyed 2 a' "$(sql dst "SELECT string_agg(what, ', ' ORDER BY what) FROM
	(SELECT 'heir ' || id || ' ' || v FROM heir_2 UNION ALL SELECT 'keyed ' || id || ' ' || v FROM keyed_2) a (what)")"
expect 'the tables' '2 n 5 v' "$(sql dst "SELECT string_agg(id || ' ' || v, ' ' ORDER BY id) FROM (SELECT * FROM ONLY heir UNION ALL SELECT * FROM ONLY keyed) a")"
sql src 'TRUNCATE heir, keyed'
synced t
expect 'children after TRUNCATE' 3 "$(sql dst 'SELECT count(*) FROM (SELECT FROM heir UNION ALL SELECT FROM keyed) a')"
repld_stop
run_rc 0 "$REPLD" cleanup t -c "$CONF" --yes

step 'row security, views and foreign tables in the place of a table are refused'
sql dst 'DROP TABLE heir, keyed CASCADE; CREATE TABLE k (id int); CREATE VIEW heir AS SELECT 1 AS id, $$a$$::text AS v;
	CREATE FOREIGN DATA WRAPPER nothing; CREATE SERVER s FOREIGN DATA WRAPPER nothing; CREATE FOREIGN TABLE keyed (id int, v text) SERVER s'
check 1
expect_text 'a view of that name is on the target' "$TMP/out"
expect_text 'a foreign table of that name is on the target' "$TMP/out"
repld_start
wait_state t error
expect_text 'stopped: .* of that name is on the target, where repld needs a table' "$TMP/repld.log"
start_over
sql dst 'DROP VIEW heir; DROP FOREIGN TABLE keyed; CREATE TABLE heir (id int, v text); CREATE TABLE keyed (id int PRIMARY KEY, v text);
	ALTER TABLE keyed ENABLE ROW LEVEL SECURITY; GRANT ALL ON heir, keyed TO app; GRANT SET ON PARAMETER session_replication_role TO app'
ROLE=app
sed -i 's/user = "postgres"/user = "app"/' "$CONF"
check 1
expect_text 'row security hides rows of the table' "$TMP/out"
