-- Types of one's own: made on both servers, since a load makes tables and no types.
CREATE TYPE mood AS ENUM ('sad', 'it''s ok', 'happy, "very"', '');
CREATE DOMAIN short AS varchar(8) CHECK (value <> 'no');
CREATE TYPE coin AS (face numeric(8, 2), name text, "odd name" mood);
CREATE TYPE span AS RANGE (subtype = float8);
CREATE EXTENSION hstore;
CREATE EXTENSION citext;
CREATE EXTENSION ltree;
