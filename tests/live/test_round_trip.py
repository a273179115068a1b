# SPDX-License-Identifier: BSD-2-Clause
"""What comes back is what went in: schema, rows, large objects, sequences,
roles with their passwords, and what belongs to the database itself."""

import re

import compare
from programs import DONE, FINDINGS, wait_until


def test_a_database_restored_under_another_name_is_the_same(
        site, server, sample, drops):
    drops.append('again')
    site.init()
    made = site.backup()
    assert made['status'] == 'completed'
    done = site.restore(made['set'], '--into', 'again')
    assert done.result['sources'][0]['findings'] == []
    assert done.result['sources'][0]['compared'] > 30
    compare.assert_same(server, sample, server, 'again')


def test_two_databases_come_back_on_a_second_empty_server(
        new_site, server, sample, second_server, drops):
    server.make('second "db" ü', 17, seed=3)
    drops.append('second "db" ü')
    site = new_site((sample, 'second "db" ü'))
    site.init()
    made = site.backup()
    names = {s['name'] for s in made['sources'][0]['streams']}
    assert len(names) == 3, names   # two databases and the roles
    site.configure(second_server, (sample, 'second "db" ü'),
                   connection=second_server.conninfo('postgres'))
    site.restore('latest')
    for name in (sample, 'second "db" ü'):
        compare.assert_same(server, name, second_server, name)
    assert compare.roles(second_server) == compare.roles(server)
    assert second_server.psql(
        "SELECT count(*) FROM pg_authid WHERE rolname IN ('library_reader',"
        " 'library_writer') AND rolpassword LIKE 'SCRAM-SHA-256$%'") == '2'


def test_a_role_logs_in_with_its_old_password_on_the_new_server(
        site, server, sample, second_server):
    import make_database
    site.init()
    site.backup()
    site.configure(second_server, ('app',),
                   connection=second_server.conninfo('postgres'))
    site.restore('latest')
    for user, password in make_database.PASSWORDS.items():
        out = make_database.psql(
            second_server.conninfo('app', user), 'SELECT current_user',
            env=dict(second_server.env, PGPASSWORD=password))
        assert out.strip() == user


def test_roles_that_exist_are_kept_as_they_are(
        site, server, sample, second_server):
    second_server.psql("CREATE ROLE library_reader LOGIN PASSWORD 'kept'"
                       " CONNECTION LIMIT 3")
    before = second_server.psql(
        "SELECT rolpassword, rolconnlimit FROM pg_authid"
        " WHERE rolname = 'library_reader'")
    site.init()
    site.backup()
    site.configure(second_server, ('app',),
                   connection=second_server.conninfo('postgres'))
    site.restore('latest')
    assert second_server.psql(
        "SELECT rolpassword, rolconnlimit FROM pg_authid"
        " WHERE rolname = 'library_reader'") == before


def test_to_restores_to_another_server(site, server, sample, second_server):
    site.init()
    site.backup()
    site.restore('latest', '--to', second_server.conninfo('postgres'),
                 env={'PGPASSWORD': site.server_password()})
    compare.assert_same(server, sample, second_server, sample)


def test_replace_swaps_the_restored_database_in(site, server, sample, drops):
    drops.append('replaced')
    server.copy(sample, 'replaced')
    site.configure(server, ('replaced',))
    site.init()
    first = site.backup()
    server.psql('DELETE FROM library.loans; CREATE TABLE public.newer (a int)',
                database='replaced')
    before = set(server.databases())
    done = site.restore(first['set'], '--replace')
    compare.assert_same(server, sample, server, 'replaced',
                        properties_too=False)
    assert set(server.databases()) == before
    # The way back: what was replaced has been kept as a set of its own.
    safety = done.result['safety_set']
    assert safety in [s['set'] for s in site.sets()]
    drops.append('way_back')
    site.restore(safety, '--into', 'way_back')
    assert server.psql("SELECT count(*) FROM library.loans",
                       database='way_back') == '0'
    assert server.psql("SELECT to_regclass('public.newer')",
                       database='way_back') == 'newer'


# As long as there is a role of this name, of which all databases know, a
# restore waits as it fills this view, which it does at its end.
FILLED_WHEN_NOBODY_HOLDS = """
CREATE FUNCTION public.held() RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    WHILE EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'holder')
    LOOP
        PERFORM pg_catalog.pg_sleep(0.05);
    END LOOP;
    RETURN false;
END $$;
CREATE MATERIALIZED VIEW public.filled AS SELECT public.held()"""


def is_filling(server):
    """Does a restore fill its view?"""
    return server.psql("SELECT count(*) FROM pg_stat_activity"
                       " WHERE datname ~ '^dbb_' AND state = 'active'"
                       " AND query LIKE 'REFRESH%'") == '1'


def test_what_is_written_while_it_is_replaced_is_kept(
        site, server, sample, drops):
    drops.append('replaced')
    server.copy(sample, 'replaced')
    server.psql(FILLED_WHEN_NOBODY_HOLDS, database='replaced')
    site.configure(server, ('replaced',))
    site.init()
    site.backup()
    server.psql('CREATE TABLE public.late (a int)', database='replaced')
    before = set(server.databases())
    server.psql('CREATE ROLE holder')
    try:
        running = site.start('dbb-restore', '--json', 'run', 'latest',
                             '--replace', '--yes')
        wait_until(lambda: is_filling(server), 'the end of loading', 60)
        assert len(site.sets()) == 2    # the safety set is there
        server.psql('INSERT INTO public.late VALUES (7)',
                    database='replaced')
    finally:
        server.psql('DROP ROLE holder')
    done = running.wait(60)
    assert done.code == FINDINGS, done
    kept, = set(server.databases()) - before
    drops.append(kept)
    assert re.fullmatch(r'"replaced_replaced_\d{8}T\d{6}Z"', kept)
    assert f'DROP DATABASE {kept}' in done.result['warnings'][0]
    drops[-1] = kept.strip('"')
    assert server.psql('SELECT a FROM public.late',
                       database=drops[-1]) == '7'
    server.psql('DROP FUNCTION public.held() CASCADE', database='replaced')
    compare.assert_same(server, sample, server, 'replaced',
                        properties_too=False)


def test_replace_without_a_safety_set_keeps_none(site, server, sample, drops):
    drops.append('replaced')
    server.copy(sample, 'replaced')
    site.configure(server, ('replaced',))
    site.init()
    site.backup()
    done = site.restore('latest', '--replace', '--no-safety-set')
    assert done.result['safety_set'] is None
    assert len(site.sets()) == 1


def test_replace_keeps_settings_and_owner_of_the_database(
        site, server, sample, second_server):
    site.init()
    site.backup()
    site.configure(second_server, ('app',),
                   connection=second_server.conninfo('postgres'))
    site.restore('latest')
    site.restore('latest', '--replace', '--no-safety-set')
    compare.assert_same(server, sample, second_server, sample)


def test_the_facts_of_a_set_are_what_the_server_counts(
        site, server, sample):
    site.init()
    made = site.backup()
    shown = site.run('dbb-backup', '--json', 'show', made['set'],
                     code=DONE).result
    # A materialized view in another role's schema is not counted.
    counted = sum(rows for name, rows in
                  compare.table_rows(server, sample).items()
                  if not name.startswith('library.by_mood'))
    database = find_database(shown, sample)
    assert sum(t['rows'] for t in database['tables']
               if t.get('rows') is not None) == counted
    assert database['large_objects'] == \
        len(compare.large_objects(server, sample))
    assert len(database['sequences']) == \
        len(compare.sequences(server, sample))


def find_database(shown, name):
    """The facts of one database, wherever in the document they are."""
    if isinstance(shown, dict):
        if shown.get('name') == name and 'tables' in shown:
            return shown
        shown = list(shown.values())
    if isinstance(shown, list):
        for part in shown:
            found = find_database(part, name)
            if found is not None:
                return found
    return None
