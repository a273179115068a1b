-- SPDX-License-Identifier: BSD-2-Clause
-- Schemas, extensions, types, operators, and what hangs on them.
CREATE SCHEMA library;
CREATE SCHEMA ext;
CREATE SCHEMA "Größe & Maß";
CREATE SCHEMA "odd ""names""
in two lines";
CREATE EXTENSION hstore SCHEMA ext;
CREATE EXTENSION pg_trgm SCHEMA ext;

CREATE DOMAIN library.positive AS integer DEFAULT 1 NOT NULL
	CONSTRAINT above_zero CHECK (VALUE > 0);
CREATE DOMAIN library.isbn AS text COLLATE "C"
	CHECK (VALUE ~ '^[0-9]{3}-[0-9]{10}$');
CREATE TYPE library.mood AS ENUM ('sad', 'it''s "ok"', 'fröhlich', '');
ALTER TYPE library.mood ADD VALUE 'very sad' BEFORE 'sad';
CREATE TYPE library.address AS (street text, "house no" integer,
	city text COLLATE "C");
CREATE TYPE library.person AS (name text, home library.address,
	moods library.mood[]);
CREATE FUNCTION library.float_diff(a float8, b float8) RETURNS float8
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE RETURN a - b;
CREATE TYPE library.float_span AS RANGE (subtype = float8,
	subtype_diff = library.float_diff,
	multirange_type_name = library.float_spans);
CREATE TYPE library.row_of_form AS (id integer, word text);

-- A base type of its own, on the server's text functions.
CREATE TYPE library.shout;
CREATE FUNCTION library.shout_in(cstring) RETURNS library.shout
	LANGUAGE internal IMMUTABLE STRICT AS 'textin';
CREATE FUNCTION library.shout_out(library.shout) RETURNS cstring
	LANGUAGE internal IMMUTABLE STRICT AS 'textout';
CREATE TYPE library.shout (INPUT = library.shout_in,
	OUTPUT = library.shout_out, LIKE = text, CATEGORY = 'S');
CREATE CAST (library.shout AS text) WITHOUT FUNCTION AS ASSIGNMENT;
CREATE FUNCTION library.address_text(library.address) RETURNS text
	LANGUAGE sql IMMUTABLE RETURN ($1).street || ', ' || ($1).city;
CREATE CAST (library.address AS text)
	WITH FUNCTION library.address_text(library.address);

CREATE FUNCTION library.near(float8, float8) RETURNS boolean
	LANGUAGE sql IMMUTABLE STRICT RETURN abs($1 - $2) < 0.001;
CREATE OPERATOR library.~=~ (FUNCTION = library.near, LEFTARG = float8,
	RIGHTARG = float8, COMMUTATOR = OPERATOR(library.~=~));
CREATE FUNCTION library.length_order(text, text) RETURNS integer
	LANGUAGE sql IMMUTABLE STRICT
	RETURN CASE WHEN length($1) < length($2) THEN -1
		WHEN length($1) > length($2) THEN 1 ELSE 0 END;
CREATE FUNCTION library.shorter(text, text) RETURNS boolean
	LANGUAGE sql IMMUTABLE STRICT RETURN length($1) < length($2);
CREATE FUNCTION library.as_long(text, text) RETURNS boolean
	LANGUAGE sql IMMUTABLE STRICT RETURN length($1) = length($2);
CREATE OPERATOR library.<# (FUNCTION = library.shorter, LEFTARG = text,
	RIGHTARG = text);
CREATE OPERATOR library.=# (FUNCTION = library.as_long, LEFTARG = text,
	RIGHTARG = text);
CREATE OPERATOR FAMILY library.by_length USING btree;
CREATE OPERATOR CLASS library.length_ops FOR TYPE text USING btree
	FAMILY library.by_length AS OPERATOR 1 library.<# ,
	OPERATOR 3 library.=# , FUNCTION 1 library.length_order(text, text);

CREATE COLLATION library."numbers in order"
	(provider = icu, locale = 'en-u-kn-true');
CREATE COLLATION library.plain FROM "C";
CREATE CONVERSION library.to_latin1 FOR 'UTF8' TO 'LATIN1'
	FROM utf8_to_iso8859_1;
CREATE TEXT SEARCH DICTIONARY library.plain_words
	(TEMPLATE = pg_catalog.simple, STOPWORDS = english);
CREATE TEXT SEARCH CONFIGURATION library.search (COPY = pg_catalog.english);
ALTER TEXT SEARCH CONFIGURATION library.search
	ALTER MAPPING FOR asciiword WITH library.plain_words, english_stem;
CREATE ACCESS METHOD "second heap" TYPE TABLE HANDLER heap_tableam_handler;

-- Foreign things that need no extension; nobody ever connects to them.
CREATE FOREIGN DATA WRAPPER nowhere OPTIONS (debug 'true');
CREATE SERVER "far away" TYPE 'none' VERSION '1' FOREIGN DATA WRAPPER nowhere
	OPTIONS (host 'far.example', port '1');
CREATE USER MAPPING FOR library_reader SERVER "far away"
	OPTIONS (user 'someone', password 'kept in the dump');
CREATE FOREIGN TABLE library.remote_things (id integer NOT NULL, word text
	OPTIONS (column_name 'Wort')) SERVER "far away" OPTIONS (t 'things');
