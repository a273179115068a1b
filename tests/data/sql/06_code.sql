-- SPDX-License-Identifier: BSD-2-Clause
-- What runs inside the server: views, functions, triggers, rules, policies;
-- and indexes of every kind.
CREATE INDEX authors_lower ON library.authors (lower(name) DESC NULLS LAST);
CREATE INDEX authors_trgm ON library.authors USING gin (name ext.gin_trgm_ops);
CREATE INDEX authors_traits ON library.authors USING gist (traits);
CREATE INDEX authors_length ON library.authors (name library.length_ops);
CREATE INDEX loans_open ON library.loans (shelf) INCLUDE (id)
	WHERE NOT returned;
CREATE INDEX loans_brin ON library.loans USING brin (id)
	WITH (pages_per_range = 4);
CREATE INDEX shelves_hash ON library.shelves USING hash (note);
CREATE INDEX every_type_jb ON library.every_type
	USING gin (jb jsonb_path_ops);
CREATE INDEX every_type_pt ON library.every_type USING spgist (pt);
CREATE UNIQUE INDEX "Index, mit Komma"
	ON "Größe & Maß"."Tabelle mit ""Anführung"" und 'Strich'"
	("ümläut", "select");
CREATE STATISTICS library.sales_stats (ndistinct, dependencies, mcv)
	ON region, amount FROM library.sales_other;
ALTER STATISTICS library.sales_stats SET STATISTICS 500;
ALTER TABLE library.authors ALTER name SET STATISTICS 300,
	ALTER name SET (n_distinct = -0.9);
ALTER TABLE library.shelves REPLICA IDENTITY FULL;
ALTER TABLE library.loans CLUSTER ON loans_pkey;
ALTER TABLE library.authors ADD CONSTRAINT favourite_is_there
	FOREIGN KEY (favourite) REFERENCES library.documents
	DEFERRABLE NOT VALID;

CREATE VIEW library.authors_born WITH (security_barrier) AS
	SELECT id, name, born FROM library.authors WHERE born IS NOT NULL
	WITH LOCAL CHECK OPTION;
CREATE VIEW library.mentors WITH (security_invoker = true) AS
	WITH RECURSIVE up(id, mentor, depth) AS (
		SELECT id, mentor, 0 FROM library.authors
		UNION ALL
		SELECT up.id, a.mentor, depth + 1 FROM up
		JOIN library.authors a ON a.id = up.mentor)
	SELECT id, max(depth) AS depth FROM up GROUP BY id;
CREATE VIEW "odd ""names""
in two lines"."a ""view""" AS SELECT 1 AS "one ""1""", E'a\nb' AS text;
CREATE VIEW library.writable AS SELECT id, word FROM library.parent;
ALTER VIEW library.writable ALTER word SET DEFAULT 'by default';
CREATE MATERIALIZED VIEW library.by_mood AS
	SELECT mood, count(*) AS n, min(name) AS first FROM library.authors
	GROUP BY mood;
CREATE UNIQUE INDEX ON library.by_mood (mood);
CREATE MATERIALIZED VIEW library.by_mood_again AS
	SELECT sum(n) AS n FROM library.by_mood;
CREATE MATERIALIZED VIEW library.not_filled AS
	SELECT * FROM library.authors WITH NO DATA;

CREATE FUNCTION library.add_up(first integer,
	VARIADIC more integer[] DEFAULT '{}')
	RETURNS bigint LANGUAGE sql IMMUTABLE
	BEGIN ATOMIC SELECT first + coalesce(sum(m), 0) FROM unnest($2) m; END;
CREATE FUNCTION library.authors_of(mood library.mood, OUT id integer,
	OUT name text) RETURNS SETOF record LANGUAGE plpgsql STABLE
	SECURITY DEFINER SET search_path = library, pg_temp COST 7 ROWS 50
	AS $body$
BEGIN
	RETURN QUERY SELECT a.id, a.name FROM library.authors a
	    WHERE a.mood = authors_of.mood; -- it's $$ here
END $body$;
CREATE PROCEDURE library.nothing(INOUT x integer) LANGUAGE plpgsql
	AS 'BEGIN x := x + 1; END';
CREATE FUNCTION library.join_step(text, text) RETURNS text LANGUAGE sql
	IMMUTABLE RETURN coalesce($1 || '/', '') || $2;
CREATE AGGREGATE library.joined(text) (SFUNC = library.join_step,
	STYPE = text, PARALLEL = SAFE);
CREATE FUNCTION library.refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	RAISE EXCEPTION 'this trigger must not fire while restoring';
END $$;
CREATE FUNCTION library.note_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	RETURN coalesce(NEW, OLD);
END $$;
CREATE TRIGGER refuse_rows BEFORE INSERT ON library.shelves
	FOR EACH ROW EXECUTE FUNCTION library.refuse();
ALTER TABLE library.shelves DISABLE TRIGGER refuse_rows;
CREATE TRIGGER always BEFORE UPDATE OF name ON library.authors
	FOR EACH ROW WHEN (OLD.name IS DISTINCT FROM NEW.name)
	EXECUTE FUNCTION library.note_change('an argument', 'it''s');
ALTER TABLE library.authors ENABLE ALWAYS TRIGGER always;
CREATE TRIGGER on_replica AFTER DELETE ON library.authors
	FOR EACH ROW EXECUTE FUNCTION library.note_change();
ALTER TABLE library.authors ENABLE REPLICA TRIGGER on_replica;
CREATE TRIGGER statement AFTER INSERT ON library.empty
	REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT
	EXECUTE FUNCTION library.note_change();
CREATE CONSTRAINT TRIGGER later AFTER INSERT ON library.loans
	DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
	EXECUTE FUNCTION library.note_change();
CREATE TRIGGER on_partitions AFTER INSERT ON library.sales
	FOR EACH ROW EXECUTE FUNCTION library.note_change();
CREATE TRIGGER into_view INSTEAD OF INSERT ON library.mentors
	FOR EACH ROW EXECUTE FUNCTION library.note_change();

CREATE RULE also_note AS ON INSERT TO library.typed
	WHERE NEW.id < 0 DO ALSO
	UPDATE library.parent SET word = NEW.word WHERE id = NEW.id;
CREATE RULE view_insert AS ON INSERT TO library.writable
	DO INSTEAD INSERT INTO library.parent VALUES (NEW.id, NEW.word);
CREATE RULE no_delete AS ON DELETE TO library.empty DO INSTEAD NOTHING;
ALTER TABLE library.empty DISABLE RULE no_delete;

ALTER TABLE library.authors ENABLE ROW LEVEL SECURITY;
ALTER TABLE library.loans ENABLE ROW LEVEL SECURITY;
ALTER TABLE library.loans FORCE ROW LEVEL SECURITY;
CREATE POLICY "own ones, only" ON library.authors FOR SELECT
	TO library_reader USING (name = CURRENT_USER);
CREATE POLICY writers ON library.loans AS RESTRICTIVE FOR ALL
	TO library_writer USING (returned) WITH CHECK (shelf > 0);

CREATE PUBLICATION some_tables FOR TABLE library.authors (id, name),
	library.sales WHERE (amount > 10) WITH (publish = 'insert, update',
	publish_via_partition_root = true);
CREATE PUBLICATION whole_schema FOR TABLES IN SCHEMA "Größe & Maß";
