-- points.sh, PostgreSQL: tables beside those of workload.sql, what writes all the time, and the changes of one phase.
ALTER TABLE kv ALTER u TYPE varchar(60);
CREATE TABLE big (id int PRIMARY KEY, v int NOT NULL, t varchar(400));
CREATE TABLE late (id int PRIMARY KEY, v int NOT NULL, t varchar(400));
CREATE TABLE uniq (id int PRIMARY KEY, u int NOT NULL UNIQUE);
CREATE TABLE parts (id int PRIMARY KEY, t text);
CREATE TABLE halt (a int PRIMARY KEY);			-- not captured: a row ends the writer
SELECT workload_fill(1, 100);
INSERT INTO big SELECT g, 0, repeat(md5(g::text), 8) FROM generate_series(1, 3000) g;
INSERT INTO late SELECT g, 0, repeat(md5(g::text), 8) FROM generate_series(1, 3000) g;
INSERT INTO uniq SELECT g, g FROM generate_series(1, 20) g;

CREATE PROCEDURE write_on() LANGUAGE plpgsql AS $$
BEGIN
	LOOP
		PERFORM churn(1);
		COMMIT;
		EXIT WHEN EXISTS (SELECT FROM halt);
		PERFORM pg_sleep(0.03);
	END LOOP;
END
$$;

-- One transaction that goes in parts, in the stream more than the ring holds; unique values and keys that move.
CREATE PROCEDURE phase(n int) LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO parts SELECT n * 10000 + g, repeat(md5(g::text), 100) FROM generate_series(1, CASE n WHEN 2 THEN 1500 ELSE 150 END) g;
	UPDATE big SET v = n WHERE id % 7 = 0;
	COMMIT;
	UPDATE uniq SET u = -1 WHERE id = 2 * n;
	UPDATE uniq SET u = 2 * n WHERE id = 2 * n + 1;
	UPDATE uniq SET u = 2 * n + 1 WHERE id = 2 * n;
	UPDATE late SET v = v + n WHERE id % 11 = 0;
	DELETE FROM parts WHERE id % 3 = 0;
	COMMIT;
	UPDATE big SET id = id + 100000 WHERE id BETWEEN n * 10 AND n * 10 + 5;
	INSERT INTO late VALUES (10000 + n, n, NULL);
END
$$;
