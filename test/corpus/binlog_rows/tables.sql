-- Every type of MySQL and MariaDB, and one column of each character set.
CREATE TABLE numbers (id int PRIMARY KEY,
	tiny tinyint, tiny_u tinyint unsigned, bool tinyint(1), small smallint, small_u smallint unsigned, med mediumint, med_u mediumint unsigned,
	i int, i_u int unsigned, i_zero int(5) unsigned zerofill, big bigint, big_u bigint unsigned,
	f float, f_digits float(7,3), f_u float unsigned, d double, d_digits double(10,2) unsigned,
	dec_plain decimal, dec_2 decimal(10,2), dec_u decimal(5,5) unsigned, dec_max decimal(65,30), dec_whole decimal(65), dec_zero decimal(8,2) zerofill,
	bit_1 bit, bit_7 bit(7), bit_9 bit(9), bit_64 bit(64));
CREATE TABLE times (id int PRIMARY KEY, d date, t time, t1 time(1), t2 time(2), t3 time(3), t4 time(4), t5 time(5), t6 time(6),
	dt datetime, dt1 datetime(1), dt3 datetime(3), dt6 datetime(6), ts timestamp NULL, ts2 timestamp(2) NULL, ts6 timestamp(6) NULL, y year);
CREATE TABLE strings (id int PRIMARY KEY,
	c char(10), c0 char(0), c_255 char(255) CHARACTER SET utf8mb4, c_ascii char(5) CHARACTER SET ascii, c_latin1 char(20) CHARACTER SET latin1,
	c_bin char(7) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin, c_ucs2 char(10) CHARACTER SET ucs2, c_utf32 char(10) CHARACTER SET utf32,
	v varchar(20), v_255 varchar(255) CHARACTER SET latin1, v_256 varchar(256) CHARACTER SET latin1, v_63 varchar(63), v_64 varchar(64),
	b binary(10), b_255 binary(255), vb varbinary(20), vb_300 varbinary(300),
	tb tinyblob, bl blob, mb mediumblob, lb longblob, tt tinytext, tx text, mt mediumtext, lt longtext, tx_latin1 text CHARACTER SET latin1) CHARACTER SET utf8mb4;
CREATE TABLE labels (id int PRIMARY KEY, e enum('a', 'b''c', 'd,e', 'ü'), e_latin1 enum('x', 'ä') CHARACTER SET latin1,
	e_odd enum('back\\slash', 'new\nline', 'tab	x', '', '"', '\r'), e_ucs2 enum('é', 'z') CHARACTER SET ucs2, e_emoji enum('😀', 'é', '?'),
	e_bin enum('p', 'q') CHARACTER SET binary,
	s set('a', 'b', 'c'), s_latin1 set('ä', 'ö') CHARACTER SET latin1, s_9 set('1', '2', '3', '4', '5', '6', '7', '8', '9'),
	s_64 set('l1', 'l2', 'l3', 'l4', 'l5', 'l6', 'l7', 'l8', 'l9', 'l10', 'l11', 'l12', 'l13', 'l14', 'l15', 'l16', 'l17', 'l18', 'l19', 'l20', 'l21', 'l22',
	'l23', 'l24', 'l25', 'l26', 'l27', 'l28', 'l29', 'l30', 'l31', 'l32', 'l33', 'l34', 'l35', 'l36', 'l37', 'l38', 'l39', 'l40', 'l41', 'l42', 'l43', 'l44',
	'l45', 'l46', 'l47', 'l48', 'l49', 'l50', 'l51', 'l52', 'l53', 'l54', 'l55', 'l56', 'l57', 'l58', 'l59', 'l60', 'l61', 'l62', 'l63', 'l64')) CHARACTER SET utf8mb4;
CREATE TABLE shapes (id int PRIMARY KEY, g geometry, p point, l linestring, po polygon, mp multipoint, ml multilinestring, mpo multipolygon,
	gc geometrycollection);
CREATE TABLE documents (id int PRIMARY KEY, j json, k json);
CREATE TABLE many (id int PRIMARY KEY, c1 int, c2 int, c3 int, c4 int, c5 int, c6 int, c7 int, c8 int, c9 varchar(5)) CHARACTER SET latin1;
