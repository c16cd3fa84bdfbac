INSERT INTO newer VALUES (1, NULL, VEC_FromText('[1,2,3]'), NULL), (2, '0.0.0.0', VEC_FromText('[0,0,0]'), 'ß'), (3, '192.168.1.0', VEC_FromText('[-1,0.5,1e10]'), 'é'),
	(4, '255.255.255.255', VEC_FromText('[1,0,0]'), '');
INSERT INTO times (id, ts, ts6) VALUES (8, '2106-02-07 06:28:15', '2106-02-07 06:28:15.999999'), (9, '2038-01-19 03:14:08', '2100-03-01 00:00:00');
