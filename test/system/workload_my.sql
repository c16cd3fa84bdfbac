-- The workload of workload.sql for MySQL and MariaDB: the same tables, the same promises. CALL churn(w) is one source transaction with
-- one row in the ledger; a client touches keys of its own only. Runs in READ COMMITTED; a deadlock is rolled back and does not count.
CREATE TABLE ledger (n bigint, who int) ENGINE=InnoDB;		-- append-only, no key: shows what is lost or doubled
CREATE TABLE ledger_next (who int PRIMARY KEY, n bigint NOT NULL) ENGINE=InnoDB;
CREATE TABLE acct (id int PRIMARY KEY, bal bigint NOT NULL) ENGINE=InnoDB;	-- transfers keep the sum
CREATE TABLE kv (
	k bigint PRIMARY KEY,
	u varchar(60) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin UNIQUE,
	t longtext CHARACTER SET utf8mb4,
	x int NOT NULL DEFAULT 0,
	d decimal(12, 2),
	at timestamp(6) NULL
) ENGINE=InnoDB;

DELIMITER //
CREATE PROCEDURE workload_fill(clients int, per_client int)
BEGIN
	DECLARE w int DEFAULT 1;

	START TRANSACTION;
	WHILE w <= clients DO
		INSERT INTO ledger_next VALUES (w, 0);
		INSERT INTO kv SELECT w * 1000000 + s, CONCAT('u', w, '.', s), IF(s % 10 = 0, REPEAT(LPAD(HEX(s), 32, '0'), 150), NULL), 0, s,
			'2024-02-29 12:00:00' FROM (SELECT a.d + 10 * b.d + 100 * c.d + 1000 * e.d + 10000 * f.d AS s FROM
			(SELECT 0 d UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4 UNION ALL SELECT 5
				UNION ALL SELECT 6 UNION ALL SELECT 7 UNION ALL SELECT 8 UNION ALL SELECT 9) a,
			(SELECT 0 d UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4 UNION ALL SELECT 5
				UNION ALL SELECT 6 UNION ALL SELECT 7 UNION ALL SELECT 8 UNION ALL SELECT 9) b,
			(SELECT 0 d UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4 UNION ALL SELECT 5
				UNION ALL SELECT 6 UNION ALL SELECT 7 UNION ALL SELECT 8 UNION ALL SELECT 9) c,
			(SELECT 0 d UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4 UNION ALL SELECT 5
				UNION ALL SELECT 6 UNION ALL SELECT 7 UNION ALL SELECT 8 UNION ALL SELECT 9) e,
			(SELECT 0 d UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4 UNION ALL SELECT 5
				UNION ALL SELECT 6 UNION ALL SELECT 7 UNION ALL SELECT 8 UNION ALL SELECT 9) f) numbers
			WHERE s < per_client;
		SET w = w + 1;
	END WHILE;
	SET w = 1;
	WHILE w <= 200 DO
		INSERT INTO acct VALUES (w, 1000);
		SET w = w + 1;
	END WHILE;
	COMMIT;
END//

CREATE PROCEDURE churn(w int)
BEGIN
	DECLARE base bigint DEFAULT w * 1000000;
	DECLARE one bigint DEFAULT base + FLOOR(RAND() * 100);
	DECLARE two bigint DEFAULT base + FLOOR(RAND() * 100);
	DECLARE tx, moved, back bigint;
	DECLARE a int DEFAULT 1 + FLOOR(RAND() * 200);
	DECLARE b int DEFAULT 1 + FLOOR(RAND() * 200);
	DECLARE amount int DEFAULT FLOOR(RAND() * 100);
	DECLARE i int DEFAULT 1;
	DECLARE t1, t2 varchar(60) CHARACTER SET utf8mb4;
	DECLARE large longtext DEFAULT REPEAT(LPAD(HEX(FLOOR(RAND() * 1e15)), 32, 'v'), 100 + FLOOR(RAND() * 300));
	DECLARE EXIT HANDLER FOR 1213, 1205 ROLLBACK;
	DECLARE CONTINUE HANDLER FOR NOT FOUND BEGIN END;

	START TRANSACTION;
	UPDATE ledger_next SET n = n + 1 WHERE who = w;
	SELECT n INTO tx FROM ledger_next WHERE who = w;
	INSERT INTO ledger VALUES (tx, w);
	IF a <> b AND tx % 4 = 0 THEN
		UPDATE acct SET bal = bal + IF(a < b, amount, -amount) WHERE id = LEAST(a, b);
		UPDATE acct SET bal = bal + IF(a < b, -amount, amount) WHERE id = GREATEST(a, b);
	END IF;
	CASE FLOOR(RAND() * 13)
	WHEN 0 THEN		-- a new row, or one more change of an old one
		INSERT INTO kv VALUES (one, CONCAT('u', w, '.n', tx), NULL, 0, tx / 7.0, NOW(6)) ON DUPLICATE KEY UPDATE x = x + 1;
	WHEN 1 THEN		-- a large value made, then another column changed
		INSERT INTO kv VALUES (one, CONCAT('u', w, '.l', tx), large, 0, NULL, NOW(6)) ON DUPLICATE KEY UPDATE t = VALUES(t);
		UPDATE kv SET x = x + 1 WHERE k = one;
	WHEN 2 THEN
		DELETE FROM kv WHERE k = one;
	WHEN 3 THEN		-- the key moves
		SET moved = base + 1000 + tx % 500, back = base + 1000 + (tx - 7) % 500;
		IF NOT EXISTS (SELECT 1 FROM kv WHERE k = moved) THEN
			UPDATE kv SET k = moved WHERE k = one;
		END IF;
		IF NOT EXISTS (SELECT 1 FROM kv WHERE k = two) THEN
			UPDATE kv SET k = two WHERE k = back;
		END IF;
	WHEN 4 THEN		-- two rows swap their keys
		IF one <> two THEN
			UPDATE kv SET k = -base WHERE k = one;
			UPDATE kv SET k = one WHERE k = two;
			UPDATE kv SET k = two WHERE k = -base;
		END IF;
	WHEN 5 THEN		-- two rows swap their unique values
		SELECT u INTO t1 FROM kv WHERE k = one;
		SELECT u INTO t2 FROM kv WHERE k = two;
		IF t1 <> t2 THEN
			UPDATE kv SET u = CONCAT('swap', w) WHERE k = one;
			UPDATE kv SET u = t1 WHERE k = two;
			UPDATE kv SET u = t2 WHERE k = one;
		END IF;
	WHEN 6 THEN		-- one savepoint goes back, one stays
		SAVEPOINT goes;
		DELETE FROM kv WHERE k = two;
		INSERT INTO kv VALUES (base + 2000, CONCAT('lost', w), large, 0, 0, NOW(6));
		ROLLBACK TO SAVEPOINT goes;
		UPDATE kv SET x = x + 100 WHERE k = one;
		SAVEPOINT stays;
		UPDATE kv SET d = d + 1 WHERE k = two;
		RELEASE SAVEPOINT stays;
	WHEN 7 THEN		-- one key many times
		WHILE i <= 8 DO
			UPDATE kv SET x = x + i WHERE k = one;
			SET i = i + 1;
		END WHILE;
	WHEN 8 THEN		-- gone and back under the same key; its unique value goes to another row
		SELECT u INTO t1 FROM kv WHERE k = one;
		IF t1 IS NOT NULL THEN
			DELETE FROM kv WHERE k = one;
			INSERT INTO kv VALUES (one, CONCAT('u', w, '.b', tx), NULL, -1, NULL, NULL);
			UPDATE kv SET u = t1 WHERE k = two AND two <> one;
		END IF;
	WHEN 9 THEN		-- a value becomes NULL, another one comes
		UPDATE kv SET t = NULL, d = tx WHERE k = one;
		UPDATE kv SET t = large WHERE k = two;
	WHEN 10 THEN		-- many rows at once
		UPDATE kv SET x = x + 1, at = NOW(6) WHERE k BETWEEN one AND one + 20;
	ELSE
		UPDATE kv SET x = x + 1 WHERE k = one;
		INSERT IGNORE INTO kv VALUES (one, CONCAT('u', w, '.e', tx), '', 0, 0, NOW(6));
	END CASE;
	COMMIT;
END//

-- For so many seconds, at most so many transactions a second (0: as fast as it goes); answers with their number.
CREATE PROCEDURE churn_for(w int, seconds int, rate double)
BEGIN
	DECLARE begun datetime(6) DEFAULT SYSDATE(6);
	DECLARE done bigint DEFAULT 0;
	DECLARE passed double DEFAULT 0;

	SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED;
	WHILE passed < seconds DO
		CALL churn(w);
		SET done = done + 1;
		SET passed = TIMESTAMPDIFF(MICROSECOND, begun, SYSDATE(6)) / 1e6;
		IF rate > 0 AND done / rate > passed THEN
			DO SLEEP(done / rate - passed);
		END IF;
	END WHILE;
	SELECT done;
END//
DELIMITER ;
