-- A change of the large table by one of several clients, each on keys of its own (id modulo clients): six rows a call.
CREATE FUNCTION big_change(client int, clients int, rows bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	a bigint := (random() * (rows / clients - 2))::bigint * clients + client;
	b bigint := (random() * (rows / clients - 2))::bigint * clients + client;
	swap bigint;
BEGIN
	UPDATE big SET v = v + 1 WHERE id = a;
	UPDATE big SET name = 'changed ' || v, at = now() WHERE id = b;
	CASE (random() * 6)::int
	WHEN 0 THEN
		DELETE FROM big WHERE id = a;
		INSERT INTO big VALUES (rows + nextval('fresh') * clients + client, -nextval('fresh'), 1, 'new', NULL, now());
	WHEN 1 THEN
		UPDATE big SET id = rows + nextval('fresh') * clients + client WHERE id = a;
		UPDATE big SET v = v + 2 WHERE id = b;
	WHEN 2 THEN
		UPDATE big SET t = (SELECT string_agg(md5(random()::text), '') FROM generate_series(1, 120)) WHERE id = a;
		UPDATE big SET v = v - 1 WHERE id = a;
	WHEN 3 THEN
		SELECT u INTO swap FROM big WHERE id = a;
		IF a <> b AND swap IS NOT NULL THEN
			UPDATE big SET u = -1000000000000 - client WHERE id = a;
			UPDATE big x SET u = swap FROM big y WHERE x.id = b AND y.id = b;
			UPDATE big SET u = -nextval('fresh') WHERE id = a;
		END IF;
	WHEN 4 THEN
		BEGIN
			DELETE FROM big WHERE id = a;
			UPDATE big SET name = 'lost' WHERE id = b;
			RAISE EXCEPTION 'back';
		EXCEPTION WHEN raise_exception THEN
			UPDATE big SET v = v + 10 WHERE id = a;
		END;
	WHEN 5 THEN
		DELETE FROM big WHERE id = a;
		INSERT INTO big VALUES (a, -nextval('fresh'), 2, 'same key', NULL, NULL) ON CONFLICT DO NOTHING;
	ELSE
		FOR i IN 1 .. 4 LOOP
			UPDATE big SET v = v + i WHERE id = a;
		END LOOP;
	END CASE;
END
$$;
