INSERT INTO addresses VALUES (1, NULL, NULL), (2, '00000000-0000-0000-0000-000000000000', '::'), (3, '123e4567-e89b-12d3-a456-426655440000', '2001:db8::ff00:42:8329'),
	(4, 'ffffffff-ffff-ffff-ffff-ffffffffffff', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'), (5, '00000000-0000-1000-8000-000000000000', '::ffff:1.2.3.4'),
	(6, '01890a5d-ac96-774b-bcce-b302099a8000', '1::'), (7, '123e4567-e89b-12d3-a456-000000000000', '::1.2.3.4');
INSERT INTO compressed (id) VALUES (1);
INSERT INTO compressed VALUES (2, '', '', '', '', '', '', '', '', '', '', ''), (3, 'short', 's', 's', 'é', 'é', x'00', 'ä', 'ä', 'ä', x'ff', 'x'),
	(4, REPEAT('a', 100), REPEAT('é', 63), REPEAT('😀', 64), REPEAT('ÿ', 254), REPEAT('ÿ', 255), REPEAT(x'00', 100), REPEAT('😀 text ', 1000), REPEAT('äöü', 50000),
	REPEAT('Ω', 20000), REPEAT(x'00ff', 200000), REPEAT('b', 255));
SET column_compression_zlib_wrap = ON, column_compression_threshold = 1;
INSERT INTO compressed SELECT 5, v, v_63, v_64, v_254, v_255, vb, tx, tx_latin1, tx_ucs2, bl, tt FROM compressed WHERE id = 4;
INSERT INTO compressed SELECT 6, v, v_63, v_64, v_254, v_255, vb, tx, tx_latin1, tx_ucs2, bl, tt FROM compressed WHERE id = 3;
INSERT INTO old_times SELECT * FROM times;
