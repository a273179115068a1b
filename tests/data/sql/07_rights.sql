-- SPDX-License-Identifier: BSD-2-Clause
-- Owners, grants, comments, and settings of the database itself.
ALTER SCHEMA library OWNER TO library_owner;
ALTER TABLE library.shelves OWNER TO library_owner;
ALTER TABLE library.sales_2024 OWNER TO library_writer;
ALTER TYPE library.address OWNER TO library_owner;
ALTER FUNCTION library.add_up OWNER TO "Müller's ""group""";
ALTER MATERIALIZED VIEW library.not_filled OWNER TO library_owner;
GRANT SELECT ON library.authors TO library_owner;
GRANT USAGE ON SCHEMA library, "Größe & Maß" TO library_reader, PUBLIC;
GRANT ALL ON SCHEMA public TO library_writer;
GRANT SELECT ON ALL TABLES IN SCHEMA library TO library_reader;
REVOKE ALL ON library.every_type FROM library_reader;
GRANT SELECT (id, b), UPDATE (i2) ON library.every_type TO library_reader;
GRANT SELECT, INSERT ON library.loans TO library_writer WITH GRANT OPTION;
GRANT USAGE ON SEQUENCE library.odd_sequence TO "Müller's ""group""";
GRANT USAGE ON FOREIGN SERVER "far away" TO library_reader;
REVOKE EXECUTE ON FUNCTION library.add_up FROM PUBLIC;
GRANT EXECUTE ON FUNCTION library.add_up TO library_reader;
REVOKE USAGE ON TYPE library.mood FROM PUBLIC;
ALTER DEFAULT PRIVILEGES FOR ROLE library_owner IN SCHEMA library
	GRANT SELECT ON TABLES TO library_reader;
ALTER DEFAULT PRIVILEGES FOR ROLE library_owner
	REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
ALTER DEFAULT PRIVILEGES FOR ROLE library_writer
	GRANT USAGE ON SEQUENCES TO "Müller's ""group""";

COMMENT ON SCHEMA library IS E'two\nlines; it''s "quoted"';
COMMENT ON TABLE library.authors IS '';
COMMENT ON TABLE library.loans IS 'ümläut 😀';
COMMENT ON COLUMN library.authors.name IS 'the name''s comment';
COMMENT ON CONSTRAINT above_zero ON DOMAIN library.positive IS 'above';
COMMENT ON FUNCTION library.add_up IS '$$ body $$';
COMMENT ON INDEX library.loans_open IS 'partial';
COMMENT ON TRIGGER always ON library.authors IS 'always';
COMMENT ON TYPE library.mood IS 'a mood';
COMMENT ON MATERIALIZED VIEW library.by_mood IS 'counted';
COMMENT ON POLICY writers ON library.loans IS 'restrictive';
COMMENT ON EXTENSION hstore IS 'changed comment';

-- Superusers only, and last: it sees every later command.
CREATE FUNCTION library.watch() RETURNS event_trigger LANGUAGE plpgsql
	AS 'BEGIN NULL; END';
CREATE EVENT TRIGGER watch_commands ON ddl_command_end
	WHEN TAG IN ('CREATE TABLE', 'DROP TABLE')
	EXECUTE FUNCTION library.watch();
ALTER EVENT TRIGGER watch_commands DISABLE;

ALTER DATABASE :"dbname" SET work_mem = '8MB';
ALTER DATABASE :"dbname" SET search_path = library, public, ext;
ALTER DATABASE :"dbname" SET DateStyle = 'SQL, DMY';
ALTER DATABASE :"dbname" CONNECTION LIMIT 90;
ALTER ROLE library_writer IN DATABASE :"dbname" SET lock_timeout = '9s';
COMMENT ON DATABASE :"dbname" IS 'sample; it''s "made" for tests';
REVOKE TEMPORARY ON DATABASE :"dbname" FROM PUBLIC;
GRANT CONNECT, CREATE ON DATABASE :"dbname" TO library_writer;
ALTER DATABASE :"dbname" OWNER TO library_owner;
