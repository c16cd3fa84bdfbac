# cascade.sh - foreign keys of a MySQL or MariaDB source that act by themselves: DELETE, SET NULL and UPDATE of the parent's key, over three levels and
# within one table, none of which the binlog shows. Sourced by a test that has set SRC_KIND and DST_KIND and sourced lib.sh.

needs
db_start src
db_start dst
sql src "CREATE TABLE region (id int PRIMARY KEY, code int NOT NULL UNIQUE, name varchar(20)) ENGINE=InnoDB;
	CREATE TABLE shop (id int PRIMARY KEY, region int, name varchar(20),
		FOREIGN KEY (region) REFERENCES region (code) ON DELETE CASCADE ON UPDATE CASCADE) ENGINE=InnoDB;
	CREATE TABLE sale (id int PRIMARY KEY, shop int, amount int,
		FOREIGN KEY (shop) REFERENCES shop (id) ON DELETE CASCADE ON UPDATE CASCADE) ENGINE=InnoDB;
	CREATE TABLE visit (id int PRIMARY KEY, shop int, region int,
		FOREIGN KEY (shop) REFERENCES shop (id) ON DELETE SET NULL ON UPDATE CASCADE,
		FOREIGN KEY (region) REFERENCES region (code) ON DELETE SET NULL ON UPDATE SET NULL) ENGINE=InnoDB;
	CREATE TABLE tree (id int PRIMARY KEY, up int, FOREIGN KEY (up) REFERENCES tree (id) ON DELETE CASCADE) ENGINE=InnoDB;
	INSERT INTO region VALUES (1, 10, 'a'), (2, 20, 'b'), (3, 30, 'c'), (4, 40, 'd');
	INSERT INTO shop SELECT r.id * 10 + s.id, r.code, 's' FROM region r CROSS JOIN region s;
	INSERT INTO shop VALUES (99, NULL, 'none');
	INSERT INTO sale SELECT s.id * 10 + r.id, s.id, r.id FROM shop s CROSS JOIN region r;
	INSERT INTO visit SELECT s.id, s.id, s.region FROM shop s;
	INSERT INTO tree VALUES (1, NULL), (2, 1), (3, 2), (4, 3), (5, 1), (6, NULL), (7, 6), (8, 8)"
conf_write <<CONF
	t: { source = "src"; target = "dst"; tables = ( { include = "$DB.*"; } ); };
CONF
"$REPLD" check -c "$CONF" >"$TMP/check" 2>&1 || { cat "$TMP/check" >&2; fail "check finds blockers"; }
repld_start
loaded t
tables='public.region public.shop public.sale public.visit public.tree'
compare $tables

step 'a parent is deleted: children and grandchildren go, or forget it'
sql src "DELETE FROM region WHERE id = 1"
synced t
compare $tables
expect 'sales of its shops' 0 "$(sql dst 'SELECT count(*) FROM sale WHERE shop BETWEEN 11 AND 14')"
expect 'visits without a shop' 4 "$(sql dst 'SELECT count(*) FROM visit WHERE shop IS NULL')"

step "a parent's key changes: children follow, or forget it"
sql src "UPDATE region SET code = 21, name = 'b2' WHERE id = 2; UPDATE shop SET id = 1000 WHERE id = 31; UPDATE region SET name = 'only' WHERE id = 3"
synced t
compare $tables

step 'several in one transaction, with rows that come back under the same keys'
sql src "BEGIN; DELETE FROM region WHERE id = 3; INSERT INTO region VALUES (3, 30, 'again'); INSERT INTO shop VALUES (31, 30, 'new');
	INSERT INTO sale VALUES (5000, 31, 1); UPDATE region SET code = 31 WHERE id = 3; DELETE FROM shop WHERE id = 99; COMMIT"
synced t
compare $tables

step 'a tree of rows in one table'
sql src "DELETE FROM tree WHERE id = 1"
sql src "DELETE FROM tree WHERE id = 8"
synced t
compare $tables
expect 'what is left of the tree' 2 "$(sql dst 'SELECT count(*) FROM tree')"

step 'where the session does not check foreign keys nothing acts, and nothing is followed'
sql src "SET foreign_key_checks = 0; DELETE FROM region WHERE id = 4"
synced t
compare $tables
expect 'shops of the region that went alone' 4 "$(sql dst 'SELECT count(*) FROM shop WHERE region = 40')"
# MySQL 9.6 and later log what their foreign keys do
if [ "$SRC_KIND" = mariadb ]; then
	[ "$(task_get t apply.cascaded)" -gt 20 ] || fail "cascaded: $(task_get t apply.cascaded)"
fi
expect_no_text '(^| )error task=' "$TMP/repld.log"
repld_stop
