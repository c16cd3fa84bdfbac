CREATE TABLE vectors (id int PRIMARY KEY, v vector(3), w vector);
CREATE TABLE values_in_json (id int PRIMARY KEY, j json);
CREATE TABLE changed (id int PRIMARY KEY, j json, x varchar(10), k json, y int);
