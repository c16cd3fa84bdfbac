CREATE TABLE addresses (id int PRIMARY KEY, u uuid, i6 inet6);
CREATE TABLE compressed (id int PRIMARY KEY, v varchar(100) COMPRESSED, v_63 varchar(63) COMPRESSED, v_64 varchar(64) COMPRESSED,
	v_254 varchar(254) COMPRESSED CHARACTER SET latin1, v_255 varchar(255) COMPRESSED CHARACTER SET latin1, vb varbinary(100) COMPRESSED,
	tx text COMPRESSED, tx_latin1 mediumtext COMPRESSED CHARACTER SET latin1, tx_ucs2 text COMPRESSED CHARACTER SET ucs2, bl longblob COMPRESSED,
	tt tinytext COMPRESSED) CHARACTER SET utf8mb4;
SET GLOBAL mysql56_temporal_format = OFF;
CREATE TABLE old_times (id int PRIMARY KEY, d date, t time, t1 time(1), t2 time(2), t3 time(3), t4 time(4), t5 time(5), t6 time(6),
	dt datetime, dt1 datetime(1), dt3 datetime(3), dt6 datetime(6), ts timestamp NULL, ts2 timestamp(2) NULL, ts6 timestamp(6) NULL, y year);
SET GLOBAL mysql56_temporal_format = ON;
