-- The workload of the system tests: one call of churn() is one source transaction with one row in the ledger.
-- Clients touch keys of their own only, so that they never deadlock; accounts are locked in the order of their ids.
CREATE TABLE ledger (n bigint, who int);			-- append-only, no key: shows what is lost or doubled
ALTER TABLE ledger REPLICA IDENTITY FULL;
CREATE TABLE ledger_next (who int PRIMARY KEY, n bigint NOT NULL);
CREATE TABLE acct (id int PRIMARY KEY, bal bigint NOT NULL);	-- transfers keep the sum
CREATE TABLE kv (
	k bigint PRIMARY KEY,
	u text UNIQUE,
	t text,			-- large values stay out of line: unchanged ones are not in the stream
	x int NOT NULL DEFAULT 0,
	d numeric(12, 2),
	at timestamptz
);
ALTER TABLE kv ALTER t SET STORAGE EXTERNAL;

CREATE FUNCTION workload_fill(clients int, per_client int) RETURNS void LANGUAGE sql AS $$
	INSERT INTO ledger_next SELECT w, 0 FROM generate_series(1, clients) w;
	INSERT INTO acct SELECT a, 1000 FROM generate_series(1, 200) a;
	INSERT INTO kv SELECT w * 1000000 + s, 'u' || w || '.' || s, CASE WHEN s % 10 = 0 THEN repeat(md5(s::text), 150) END, 0, s,
		'2024-02-29 12:00:00+00' FROM generate_series(1, clients) w, generate_series(0, per_client - 1) s;
$$;

CREATE FUNCTION large_text() RETURNS text LANGUAGE sql VOLATILE AS
	$$ SELECT string_agg(md5(random()::text), '') FROM generate_series(1, 100 + (random() * 300)::int) $$;

CREATE FUNCTION churn(w int) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	base bigint := w * 1000000;
	one bigint := base + (random() * 99)::int;
	two bigint := base + (random() * 99)::int;
	tx bigint;
	a int := 1 + (random() * 199)::int;
	b int := 1 + (random() * 199)::int;
	amount int := (random() * 100)::int;
	t1 text;
	t2 text;
BEGIN
	UPDATE ledger_next SET n = n + 1 WHERE who = w RETURNING n INTO tx;
	INSERT INTO ledger VALUES (tx, w);
	IF a <> b AND tx % 4 = 0 THEN
		UPDATE acct SET bal = bal + CASE WHEN a < b THEN amount ELSE -amount END WHERE id = least(a, b);
		UPDATE acct SET bal = bal + CASE WHEN a < b THEN -amount ELSE amount END WHERE id = greatest(a, b);
	END IF;
	CASE (random() * 12)::int
	WHEN 0 THEN		-- a new row, or one more change of an old one
		INSERT INTO kv VALUES (one, 'u' || w || '.n' || tx, NULL, 0, tx / 7.0, now())
			ON CONFLICT (k) DO UPDATE SET x = kv.x + 1;
	WHEN 1 THEN		-- out of line value made, then another column changed
		INSERT INTO kv VALUES (one, 'u' || w || '.l' || tx, large_text(), 0, NULL, now())
			ON CONFLICT (k) DO UPDATE SET t = excluded.t;
		UPDATE kv SET x = x + 1 WHERE k = one;
	WHEN 2 THEN
		DELETE FROM kv WHERE k = one;
	WHEN 3 THEN		-- the key moves, the large value is not sent
		UPDATE kv SET k = base + 1000 + tx % 500 WHERE k = one AND NOT EXISTS (SELECT FROM kv WHERE k = base + 1000 + tx % 500);
		UPDATE kv SET k = two WHERE k = base + 1000 + (tx - 7) % 500 AND NOT EXISTS (SELECT FROM kv WHERE k = two);
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
			UPDATE kv SET u = 'swap' || w WHERE k = one;
			UPDATE kv SET u = t1 WHERE k = two;
			UPDATE kv SET u = t2 WHERE k = one;
		END IF;
	WHEN 6 THEN		-- one savepoint goes back, one stays
		BEGIN
			DELETE FROM kv WHERE k = two;
			INSERT INTO kv VALUES (base + 2000, 'lost' || w, large_text(), 0, 0, now());
			RAISE EXCEPTION 'back';
		EXCEPTION WHEN raise_exception THEN
			UPDATE kv SET x = x + 100 WHERE k = one;
		END;
		BEGIN
			UPDATE kv SET d = d + 1 WHERE k = two;
		EXCEPTION WHEN raise_exception THEN
			NULL;
		END;
	WHEN 7 THEN		-- one key many times
		FOR i IN 1 .. 8 LOOP
			UPDATE kv SET x = x + i WHERE k = one;
		END LOOP;
	WHEN 8 THEN		-- gone and back under the same key; its unique value goes to another row
		DELETE FROM kv WHERE k = one RETURNING u INTO t1;
		IF t1 IS NOT NULL THEN
			INSERT INTO kv VALUES (one, 'u' || w || '.b' || tx, NULL, -1, NULL, NULL);
			UPDATE kv SET u = t1 WHERE k = two AND two <> one;
		END IF;
	WHEN 9 THEN		-- a value becomes NULL, another one comes
		UPDATE kv SET t = NULL, d = tx WHERE k = one;
		UPDATE kv SET t = large_text() WHERE k = two;
	WHEN 10 THEN		-- many rows at once
		UPDATE kv SET x = x + 1, at = now() WHERE k BETWEEN one AND one + 20;
	ELSE
		UPDATE kv SET x = x + 1 WHERE k = one;
		INSERT INTO kv VALUES (one, 'u' || w || '.e' || tx, '', 0, 0, now()) ON CONFLICT DO NOTHING;
	END CASE;
END
$$;
