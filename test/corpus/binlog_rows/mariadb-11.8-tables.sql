CREATE TABLE newer (id int PRIMARY KEY, i4 inet4, v vector(3) NOT NULL, c varchar(10) COLLATE utf8mb4_uca1400_german2_ai_ci);
