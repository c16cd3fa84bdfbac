-- The tables that apply.sql changes, with a few rows for the load.
CREATE TABLE pair (id int PRIMARY KEY, u text UNIQUE, t text, x int);
ALTER TABLE pair ALTER t SET STORAGE EXTERNAL;
INSERT INTO pair SELECT 900000 + g, 'load' || g, repeat('x', 5000), g FROM generate_series(1, 50) g;
CREATE TABLE toast (id int PRIMARY KEY, a text, b text, x int);
ALTER TABLE toast ALTER a SET STORAGE EXTERNAL, ALTER b SET STORAGE EXTERNAL;
CREATE TABLE chain (id int PRIMARY KEY, v text);
INSERT INTO chain SELECT g, 'v' || g FROM generate_series(1000, 1, -1) g;	-- descending, so that id + 1 never meets a row
CREATE TABLE spots (id int PRIMARY KEY, pos int UNIQUE DEFERRABLE INITIALLY DEFERRED);
INSERT INTO spots SELECT g, g FROM generate_series(1, 200) g;
CREATE TABLE multi (a int, b text, v int, PRIMARY KEY (b, a));
CREATE TABLE by_index (id int, code text NOT NULL, v int);
CREATE UNIQUE INDEX by_index_code ON by_index (code);
ALTER TABLE by_index REPLICA IDENTITY USING INDEX by_index_code;
CREATE TABLE nokey (a int, b float8, c text);
ALTER TABLE nokey REPLICA IDENTITY FULL;
CREATE TABLE tr_parent (id int PRIMARY KEY, t text);
CREATE TABLE tr_child (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, parent int REFERENCES tr_parent);
CREATE TABLE tr_alone (id int PRIMARY KEY, t text);
CREATE TABLE parted (id int NOT NULL, region text NOT NULL, v text, PRIMARY KEY (id, region)) PARTITION BY LIST (region);
CREATE TABLE parted_eu PARTITION OF parted FOR VALUES IN ('eu');
CREATE TABLE parted_us PARTITION OF parted FOR VALUES IN ('us');
CREATE TABLE parted_rest PARTITION OF parted DEFAULT;
INSERT INTO parted SELECT -g, 'eu', 'loaded' FROM generate_series(1, 20) g;
CREATE TABLE gen (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, a int, b int GENERATED ALWAYS AS (a * 2) STORED, c text DEFAULT 'c');
CREATE TABLE ref_parent (id int PRIMARY KEY);
CREATE TABLE ref_child (id int PRIMARY KEY, parent int REFERENCES ref_parent ON DELETE CASCADE);
CREATE TABLE "Mixed ""Case" ("Id" int PRIMARY KEY, "Order" text, "select" text);
CREATE TABLE single (id int PRIMARY KEY);
