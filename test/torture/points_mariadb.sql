-- points.sh, MariaDB: as points_postgresql.sql, and points.sh adds a transaction of XA to each phase.
CREATE TABLE big (id int PRIMARY KEY, v int NOT NULL, t varchar(400)) ENGINE=InnoDB;
CREATE TABLE late (id int PRIMARY KEY, v int NOT NULL, t varchar(400)) ENGINE=InnoDB;
CREATE TABLE uniq (id int PRIMARY KEY, u int NOT NULL UNIQUE) ENGINE=InnoDB;
CREATE TABLE parts (id int PRIMARY KEY, t text) ENGINE=InnoDB;
CREATE TABLE halt (a int PRIMARY KEY) ENGINE=InnoDB;
CALL workload_fill(1, 100);
INSERT INTO big SELECT seq, 0, REPEAT(MD5(seq), 8) FROM seq_1_to_3000;
INSERT INTO late SELECT seq, 0, REPEAT(MD5(seq), 8) FROM seq_1_to_3000;
INSERT INTO uniq SELECT seq, seq FROM seq_1_to_20;

DELIMITER //
CREATE PROCEDURE write_on()
BEGIN
	SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED;
	WHILE NOT EXISTS (SELECT 1 FROM halt) DO
		CALL churn(1);
		DO SLEEP(0.03);
	END WHILE;
END//

CREATE PROCEDURE phase(n int)
BEGIN
	SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED;
	START TRANSACTION;
	INSERT INTO parts SELECT n * 10000 + seq, REPEAT(MD5(seq), 100) FROM seq_1_to_1500 WHERE n = 2 OR seq <= 150;
	UPDATE big SET v = n WHERE id % 7 = 0;
	COMMIT;
	START TRANSACTION;
	UPDATE uniq SET u = -1 WHERE id = 2 * n;
	UPDATE uniq SET u = 2 * n WHERE id = 2 * n + 1;
	UPDATE uniq SET u = 2 * n + 1 WHERE id = 2 * n;
	UPDATE late SET v = v + n WHERE id % 11 = 0;
	DELETE FROM parts WHERE id % 3 = 0;
	COMMIT;
	START TRANSACTION;
	UPDATE big SET id = id + 100000 WHERE id BETWEEN n * 10 AND n * 10 + 5;
	INSERT INTO late VALUES (10000 + n, n, NULL);
	COMMIT;
END//
DELIMITER ;
