-- The demo's second source, on MariaDB: 30,000 visits of a web site, and what PostgreSQL has other types for.
CREATE TABLE pages (
	id smallint unsigned AUTO_INCREMENT PRIMARY KEY,
	path varchar(120) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL UNIQUE,
	kind enum('product', 'basket', 'help') NOT NULL,
	hits bigint unsigned NOT NULL DEFAULT 0
) ENGINE=InnoDB;
CREATE TABLE visits (
	id bigint unsigned AUTO_INCREMENT PRIMARY KEY,
	visitor uuid NOT NULL,
	page smallint unsigned NOT NULL,
	at datetime(6) NOT NULL,
	took time(3),
	mobile tinyint(1) NOT NULL,
	data json,
	KEY (page)
) ENGINE=InnoDB;
INSERT INTO pages (path, kind, hits) SELECT CONCAT('/', IF(seq % 2, 'p', 'P'), '/', seq), ELT(1 + seq % 3, 'product', 'basket', 'help'), seq FROM seq_1_to_400;
INSERT INTO visits (visitor, page, at, took, mobile, data)
SELECT CONCAT(LPAD(HEX(seq), 8, '0'), '-0000-4000-8000-', LPAD(HEX(seq * 7), 12, '0')), 1 + seq % 400, '2026-01-01' + INTERVAL seq * 37 SECOND,
	SEC_TO_TIME(seq % 900 / 7), seq % 2, JSON_OBJECT('browser', ELT(1 + seq % 3, 'Firefox', 'Chromium', 'Łynx'), 'n', seq)
FROM seq_1_to_30000;
