# SPDX-License-Identifier: BSD-2-Clause
"""Is one database the same as another? Asked of the servers themselves,
with nothing of the library: what the library says of itself is compared
elsewhere."""

# Hashes of the rows' hashes, in an order that does not hang on where a row
# lies. A partitioned parent has no rows of its own, and ONLY leaves the
# children of inheritance to themselves.
TABLES = """
SET DateStyle = 'ISO, YMD'; SET IntervalStyle = 'postgres';
SET TimeZone = 'UTC'; SET extra_float_digits = 3; SET bytea_output = 'hex';
SET search_path = ''; SET row_security = off; SET work_mem = '256MB';
SET xmlbinary = 'base64'; SET lc_monetary = 'C';
SELECT format('SELECT %L, count(*), md5(string_agg(h, '''' ORDER BY h)) '
    'FROM (SELECT md5(ROW("the row".*)::text) AS h FROM ONLY %s '
    'AS "the row") AS s',
    c.oid::regclass, c.oid::regclass)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'm') AND c.relispopulated
    AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
ORDER BY c.oid::regclass::text COLLATE "C" \\gexec
"""

LARGE_OBJECTS = """
SELECT m.oid, lomowner::regrole, lomacl, md5(lo_get(m.oid)),
    obj_description(m.oid, 'pg_largeobject')
FROM pg_largeobject_metadata m ORDER BY m.oid
"""

SEQUENCES = """
SET search_path = '';
SELECT format('SELECT %L, last_value, is_called FROM %s', oid::regclass,
    oid::regclass)
FROM pg_class WHERE relkind = 'S'
ORDER BY oid::regclass::text COLLATE "C" \\gexec
"""

PROPERTIES = """
SELECT datdba::regrole, pg_encoding_to_char(encoding), datlocprovider,
    datcollate, datctype, daticulocale, datconnlimit,
    (SELECT array_agg(a ORDER BY a::text) FROM unnest(datacl) a),
    shobj_description(oid, 'pg_database')
FROM pg_database WHERE datname = current_database();
SELECT coalesce(setrole::regrole::text, ''), unnest(setconfig)
FROM pg_db_role_setting s LEFT JOIN pg_roles r ON r.oid = setrole
WHERE setdatabase = (SELECT oid FROM pg_database
    WHERE datname = current_database()) ORDER BY 1, 2
"""

ROLES = """
SELECT rolname, rolsuper, rolinherit, rolcreaterole, rolcreatedb, rolcanlogin,
    rolreplication, rolbypassrls, rolconnlimit, rolvaliduntil, rolpassword,
    shobj_description(oid, 'pg_authid')
FROM pg_authid WHERE rolname !~ '^pg_' AND rolname <> 'postgres'
ORDER BY rolname;
SELECT roleid::regrole, member::regrole, admin_option FROM pg_auth_members
WHERE roleid::regrole::text <> 'pg_checkpoint' ORDER BY 1, 2;
SELECT setrole::regrole, unnest(setconfig) FROM pg_db_role_setting
WHERE setdatabase = 0 ORDER BY 1, 2
"""


def schema_text(server, database):
    """pg_dump --schema-only without its random \\restrict lines."""
    text = server.tool('pg_dump', '--schema-only', database=database).decode()
    return '\n'.join(line for line in text.split('\n')
                     if not line.startswith(('\\restrict', '\\unrestrict')))


def tables(server, database):
    """table -> 'rows|hash' for every table and materialized view."""
    split = [line.rsplit('|', 2) for line in
             _records(server, database, TABLES)]
    return {name: f'{rows}|{digest}' for name, rows, digest in split}


def table_rows(server, database):
    """table -> rows, as the server counts them."""
    return {name: int(value.split('|')[0])
            for name, value in tables(server, database).items()}


def large_objects(server, database):
    """One line for each: oid, owner, rights, hash of the content."""
    return _records(server, database, LARGE_OBJECTS)


def sequences(server, database):
    """One line for each: name, value, whether it was called."""
    return _records(server, database, SEQUENCES)


def properties(server, database):
    """What belongs to the database itself."""
    return _records(server, database, PROPERTIES)


def roles(server):
    """Roles with all that they have, passwords included."""
    return _records(server, 'postgres', ROLES)


def _records(server, database, script):
    # Names may hold line ends: records are ended by the one byte they cannot.
    out = server.psql('\\pset recordsep_zero on\n' + script,
                      database=database)
    return [record for record in out.split('\0') if record]


def assert_same(server, database, other_server, other, properties_too=True):
    """Fail with the first kind of thing that differs, and how."""
    assert schema_text(other_server, other) == schema_text(server, database)
    assert tables(other_server, other) == tables(server, database)
    assert large_objects(other_server, other) == \
        large_objects(server, database)
    assert sequences(other_server, other) == sequences(server, database)
    if properties_too:
        assert properties(other_server, other) == \
            properties(server, database)
