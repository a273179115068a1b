-- SPDX-License-Identifier: BSD-2-Clause
-- Roles belong to the whole server: each is made only where it is missing.
SELECT format('CREATE ROLE %I %s', name, what)
FROM (VALUES
	('library_owner', 'NOLOGIN CREATEROLE'),
	('library_reader', format('LOGIN PASSWORD %L', :'scram_reader')),
	('library_writer', format('LOGIN CONNECTION LIMIT 5 VALID UNTIL %L '
	    'PASSWORD %L', '2040-01-01 00:00:00+00', :'scram_writer')),
	('library no password', 'LOGIN NOINHERIT'),
	('Müller''s "group"', 'NOLOGIN BYPASSRLS')) AS r(name, what)
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name)
ORDER BY name \gexec

GRANT library_owner TO library_writer WITH ADMIN OPTION;
GRANT library_reader TO "Müller's ""group""";
GRANT "Müller's ""group""" TO library_writer;
GRANT pg_read_all_stats TO library_reader;
ALTER ROLE library_reader SET statement_timeout = '30s';
ALTER ROLE library_reader SET search_path = library, "$user", public;
COMMENT ON ROLE library_reader IS 'reads; it''s "harmless"';
