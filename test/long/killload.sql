-- Changes of the large table: rows that grow move to other pages, rows go and come, keys move to other places.
-- With a key: each client on numbers of its own.
CREATE FUNCTION change_keyed(client int, clients int, rows bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	a bigint := ((random() * (rows / clients - 2))::bigint * clients + client) * 16;
	b bigint := ((random() * (rows / clients - 2))::bigint * clients + client) * 16;
	fresh bigint := b + 1 + (random() * 14)::int;
BEGIN
	UPDATE big SET v = v + 1, pad = left(pad || repeat('g', 60), 1500) WHERE id = key_of(a);
	CASE (random() * 5)::int
	WHEN 0 THEN
		DELETE FROM big WHERE id = key_of(a);
	WHEN 1 THEN
		INSERT INTO big VALUES (key_of(fresh), -1, 'new') ON CONFLICT DO NOTHING;
	WHEN 2 THEN
		UPDATE big SET id = key_of(fresh) WHERE id = key_of(a) AND NOT EXISTS (SELECT FROM big WHERE id = key_of(fresh));
	WHEN 3 THEN
		UPDATE big SET pad = left(pad, 20) WHERE id = key_of(b);
		DELETE FROM big WHERE id = key_of(b);
		INSERT INTO big VALUES (key_of(b), -2, 'again');
	WHEN 4 THEN
		BEGIN
			DELETE FROM big WHERE id = key_of(a);
			RAISE EXCEPTION 'back';
		EXCEPTION WHEN raise_exception THEN
			UPDATE big SET v = v + 100 WHERE id = key_of(a);
		END;
	ELSE
		UPDATE big SET pad = NULL WHERE id = key_of(b);
	END CASE;
END
$$;

-- Without: rows are taken by their place.
CREATE FUNCTION change_keyless(client int, clients int, pages bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	place tid;
BEGIN
	SELECT ctid INTO place FROM big WHERE ctid = ('(' || (random() * (pages - 1))::bigint || ',' || 1 + (random() * 40)::int || ')')::tid
		FOR UPDATE SKIP LOCKED;
	CASE (random() * 3)::int
	WHEN 0 THEN
		DELETE FROM big WHERE ctid = place;
	WHEN 1 THEN
		INSERT INTO big VALUES (client, -1, 'new'), (client, -1, 'new');
	ELSE
		UPDATE big SET v = v + 1, pad = left(pad || repeat('g', 900), 1500) WHERE ctid = place;
	END CASE;
END
$$;
