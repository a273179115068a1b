# SPDX-License-Identifier: BSD-2-Clause
"""The comparers that all other tests lean on see every difference, and none
where PostgreSQL's own tools carried a database over."""

import pytest

import compare

DIFFERENCES = {
    'a row more': 'INSERT INTO library.no_columns DEFAULT VALUES',
    'a letter': "UPDATE library.authors SET name = name || 'x' WHERE id = 7",
    'null for empty': 'UPDATE library.shelves SET note = NULL WHERE id ='
                      " (SELECT min(id) FROM library.shelves WHERE note = '')",
    'minus zero': "UPDATE library.every_type SET f8 = '0' WHERE id = 4",
    'a large object': "SELECT lo_put(700003, 5, 'x')",
    'the owner of a large object':
        'ALTER LARGE OBJECT 700002 OWNER TO library_owner',
    'a sequence': "SELECT setval('library.untouched', 41, true)",
    'a view not filled':
        'REFRESH MATERIALIZED VIEW library.by_mood_again WITH NO DATA',
    'a trigger': 'ALTER TABLE library.shelves ENABLE TRIGGER refuse_rows',
    'a comment': "COMMENT ON TABLE library.authors IS 'x'",
    'a column grant': 'GRANT SELECT (t) ON library.every_type TO PUBLIC',
    'a default privilege': 'ALTER DEFAULT PRIVILEGES FOR ROLE library_owner'
                           ' GRANT INSERT ON TABLES TO library_writer',
}


@pytest.fixture(scope='module')
def carried(server, sample):
    """'app' carried over by pg_dump and pg_restore."""
    server.drop('carried')
    server.psql('CREATE DATABASE carried TEMPLATE template0')
    dump = server.tool('pg_dump', '-Fc', '-Z0', database=sample)
    server.tool('pg_restore', '--exit-on-error', database='carried',
                input=dump)
    yield 'carried'
    server.drop('carried')


def test_what_pg_restore_carried_over_is_the_same(server, sample, carried):
    compare.assert_same(server, sample, server, carried,
                        properties_too=False)


def test_the_same_seed_makes_the_same_database(server, sample):
    server.make('twin', 17)
    compare.assert_same(server, sample, server, 'twin')
    server.drop('twin')


def test_properties_of_the_database_are_seen(server, sample, carried):
    assert compare.properties(server, sample) != \
        compare.properties(server, carried)


@pytest.mark.parametrize('what', DIFFERENCES)
def test_a_difference_is_seen(server, sample, carried, what):
    server.copy(carried, 'changed')
    server.psql(DIFFERENCES[what], database='changed')
    with pytest.raises(AssertionError):
        compare.assert_same(server, sample, server, 'changed',
                            properties_too=False)
    server.drop('changed')
