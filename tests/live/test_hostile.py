# SPDX-License-Identifier: BSD-2-Clause
"""Databases that others have prepared, on purpose or not: planted code,
subscriptions, timeouts, closed databases, templates."""

import re

import pytest

from compare import assert_same
from processes import leftovers
from programs import CANCELED, FAILED, FINDINGS, wait_until

ESCALATE = """
CREATE FUNCTION public.gain() RETURNS {0} LANGUAGE plpgsql AS $$
BEGIN
    IF (SELECT rolsuper FROM pg_catalog.pg_roles
            WHERE rolname = current_user) THEN
        ALTER ROLE mallory SUPERUSER;
    END IF;
    {1}
END $$;
"""
TABLE = """
CREATE TABLE public.backup_history (
    id SERIAL PRIMARY KEY, backup_id VARCHAR(255) NOT NULL,
    backup_type VARCHAR(50) NOT NULL, timestamp TIMESTAMP NOT NULL,
    size_bytes BIGINT, checksum VARCHAR(64), status VARCHAR(20),
    error_message TEXT, created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP);
"""
GIVES_NUMBER = ESCALATE.format('integer', 'RETURN 1;').replace(
    'LANGUAGE', 'IMMUTABLE LANGUAGE')
GIVES_TRIGGER = ESCALATE.format('trigger', 'RETURN NEW;')

# What a table can hide that runs when a row is written.
PLANTS = {
    'trigger': TABLE + GIVES_TRIGGER + """
        CREATE TRIGGER t BEFORE INSERT ON public.backup_history
        FOR EACH ROW EXECUTE FUNCTION public.gain()""",
    'rule': TABLE + GIVES_NUMBER + """
        CREATE RULE r AS ON INSERT TO public.backup_history
        DO ALSO SELECT public.gain()""",
    'default': TABLE + GIVES_NUMBER + """
        ALTER TABLE public.backup_history
        ADD extra integer DEFAULT public.gain()""",
    'default_of_a_column_that_has_one': TABLE + GIVES_NUMBER + """
        ALTER TABLE public.backup_history
        ALTER id SET DEFAULT public.gain()""",
    'default_that_runs_sql_by_a_function_of_the_server': TABLE + """
        ALTER TABLE public.backup_history ADD extra xml DEFAULT
        query_to_xml('SELECT 1', true, true, '')""",
    'generated_column': TABLE + GIVES_NUMBER + """
        ALTER TABLE public.backup_history ADD extra integer
        GENERATED ALWAYS AS (public.gain()) STORED""",
    'check': TABLE + GIVES_NUMBER + """
        ALTER TABLE public.backup_history ADD CHECK (public.gain() = 1)""",
    'index': TABLE + GIVES_NUMBER + """
        CREATE INDEX ON public.backup_history ((public.gain()))""",
    'index_of_some_rows': TABLE + GIVES_NUMBER + """
        CREATE INDEX ON public.backup_history (id)
        WHERE public.gain() = 1""",
    'statistics': TABLE + GIVES_NUMBER + """
        CREATE STATISTICS public.s ON (public.gain())
        FROM public.backup_history""",
    'domain': TABLE + GIVES_NUMBER + """
        CREATE DOMAIN public.d AS integer CHECK (public.gain() = 1);
        ALTER TABLE public.backup_history ADD extra public.d""",
    'row_security': TABLE + GIVES_NUMBER + """
        ALTER TABLE public.backup_history ENABLE ROW LEVEL SECURITY;
        CREATE POLICY p ON public.backup_history
        USING (public.gain() = 1)""",
    'partition': TABLE.replace('backup_history', 'parent').replace(
        'PRIMARY KEY', '').rstrip('\n;') + """
        PARTITION BY LIST (public.gain(backup_id));
        CREATE TABLE public.backup_history PARTITION OF public.parent
        FOR VALUES IN (1)""",
    'child': TABLE + GIVES_TRIGGER + """
        CREATE TABLE public.child () INHERITS (public.backup_history)""",
    'view': TABLE.replace('backup_history', 'other') + GIVES_TRIGGER + """
        CREATE VIEW public.backup_history AS SELECT * FROM public.other;
        CREATE TRIGGER t INSTEAD OF INSERT ON public.backup_history
        FOR EACH ROW EXECUTE FUNCTION public.gain()""",
}
PLANTS['partition'] = """
    CREATE FUNCTION public.gain(text) RETURNS integer IMMUTABLE
    LANGUAGE plpgsql AS 'BEGIN RETURN 1; END';
    """ + PLANTS['partition']


@pytest.fixture
def mallory(server, drops):
    """A database 'prey' that belongs to the superuser, where mallory may
    make tables, as everybody might before PostgreSQL 15."""
    server.drop('prey')
    server.psql("""
        DROP ROLE IF EXISTS mallory;
        CREATE ROLE mallory LOGIN PASSWORD 'm';
        CREATE DATABASE prey""")
    server.psql('GRANT CREATE ON SCHEMA public TO mallory;'
                'CREATE TABLE kept (a int); INSERT INTO kept VALUES (1)',
                database='prey')
    yield 'mallory'
    server.drop('prey')
    server.psql('DROP ROLE mallory')


def history_in(site, server, database):
    """Back up `database` and keep the history in it."""
    site.configure(server, (database,))
    with open(site.config, encoding='utf-8') as file:
        text = file.read()
    text = text.replace(server.conninfo('postgres'),
                        server.conninfo(database))
    with open(site.config, 'w', encoding='utf-8') as file:
        file.write(text)


def is_super(server, role):
    return server.psql("SELECT rolsuper FROM pg_roles WHERE rolname = :'r'",
                       r=role) == 't'


def assert_not_written(site, server, why):
    """The backup is made, the history is not, and it is said why."""
    done = site.run('dbb-backup', '--json', 'init')
    assert why in done.result['warnings'][0], done
    done = site.run('dbb-backup', '--json', 'run', code=FINDINGS)
    assert done.result['status'] == 'completed', done
    assert any('backup_history' in w and why in w
               for w in done.result['warnings']), done
    assert not is_super(server, 'mallory')
    # Not by a SELECT: its planner would run what is planted.
    is_view = server.psql("SELECT relkind FROM pg_class WHERE oid ="
                          " 'public.backup_history'::regclass",
                          database='prey') == 'v'
    table = 'other' if is_view else 'backup_history'
    assert server.psql(f'COPY public.{table} TO STDOUT',
                       database='prey') == ''


def test_a_history_table_of_a_stranger_is_not_written(
        site, server, mallory):
    server.psql('SET SESSION AUTHORIZATION mallory;' + PLANTS['trigger'],
                database='prey')
    history_in(site, server, 'prey')
    assert_not_written(site, server, "belongs to 'mallory'")


WAYS_TO_BE_RUN_BY_A_PLANNER = {
    'index': 'CREATE INDEX ON {0} ((public.gain()))',
    'condition': 'CREATE INDEX ON {0} (a) WHERE public.gain() = 1',
    'statistics': 'CREATE STATISTICS public.s ON (public.gain()) FROM {0}',
}


@pytest.mark.parametrize('way', WAYS_TO_BE_RUN_BY_A_PLANNER)
@pytest.mark.parametrize('kind', ('TABLE', 'MATERIALIZED VIEW'))
def test_counting_rows_runs_nobody_s_code(site, server, mallory, kind, way):
    """The planner of a SELECT would evaluate what an index is made on."""
    server.psql("""
        SET SESSION AUTHORIZATION mallory;
        CREATE FUNCTION public.gain() RETURNS integer IMMUTABLE
            LANGUAGE plpgsql AS 'BEGIN RETURN 1; END';
        CREATE """ + kind + """ public.bait AS SELECT 1 AS a;
        """ + WAYS_TO_BE_RUN_BY_A_PLANNER[way].format('public.bait') + """;
        CREATE OR REPLACE FUNCTION public.gain() RETURNS integer IMMUTABLE
            LANGUAGE plpgsql AS
            'BEGIN RAISE EXCEPTION ''run as %'', current_user; END'""",
                database='prey')
    site.configure(server, ('prey',))
    site.init()
    site.backup()
    with pytest.raises(Exception, match='run as postgres'):
        server.psql('SELECT count(*) FROM bait', database='prey')


@pytest.mark.parametrize('plant', PLANTS)
def test_code_planted_by_the_database_s_owner_is_not_run(
        site, server, mallory, plant):
    server.psql('ALTER DATABASE prey OWNER TO mallory;'
                'ALTER SCHEMA public OWNER TO mallory', database='prey')
    server.psql('SET SESSION AUTHORIZATION mallory;' + PLANTS[plant],
                database='prey')
    history_in(site, server, 'prey')
    assert_not_written(site, server, ': it ')


def test_a_schema_cannot_be_swapped_while_the_history_is_written(
        site, server, mallory):
    """Its owner renames public and puts another one there, again and again,
    in which the table has a trigger."""
    server.psql('ALTER DATABASE prey OWNER TO mallory;'
                'ALTER SCHEMA public OWNER TO mallory', database='prey')
    history_in(site, server, 'prey')
    site.init()
    server.psql('SET SESSION AUTHORIZATION mallory; CREATE SCHEMA trap;' +
                PLANTS['trigger'].replace('public.', 'trap.'),
                database='prey')
    swap = """DO $$ BEGIN LOOP
        ALTER SCHEMA public RENAME TO aside; ALTER SCHEMA trap RENAME TO
        public; COMMIT;
        ALTER SCHEMA public RENAME TO trap; ALTER SCHEMA aside RENAME TO
        public; COMMIT; END LOOP; END $$"""
    client = server.start_client(
        'psql', '-c', 'SET SESSION AUTHORIZATION mallory', '-c', swap,
        database='prey')
    try:
        for _ in range(3):
            site.run('dbb-backup', '--json', 'run')
        assert client.poll() is None, client.stderr.read()
    finally:
        client.terminate()
        client.wait(30)
    assert not is_super(server, 'mallory')


def test_a_history_table_of_the_database_s_owner_is_written(
        site, server, mallory):
    server.psql('ALTER DATABASE prey OWNER TO mallory;'
                'ALTER SCHEMA public OWNER TO mallory', database='prey')
    server.psql('SET SESSION AUTHORIZATION mallory;' + TABLE,
                database='prey')
    history_in(site, server, 'prey')
    assert site.init()['history']['created'] is False
    site.backup()
    assert server.psql('SELECT backup_type, status FROM backup_history'
                       ' ORDER BY backup_type DESC', database='prey') == \
        'postgres|completed\nfull|completed'


# ---- subscriptions ----

def our_databases(server):
    """What a restore has left behind."""
    return [name for name in server.databases() if 'dbb_' in name]


@pytest.fixture
def subscriber(second_server, site):
    """A server with 'pub', and 'sub' that follows it by a live worker."""
    server = second_server
    with open(f'{server.data}/postgresql.conf', 'a',
              encoding='utf-8') as file:
        file.write('wal_level = logical\nmax_wal_senders = 4\n'
                   'wal_retrieve_retry_interval = 200ms\n')
    server.stop()
    server.start()
    server.psql("CREATE ROLE follower SUPERUSER LOGIN PASSWORD 'f';"
                'CREATE DATABASE pub; CREATE DATABASE sub')
    server.psql("""
        CREATE TABLE t (a int PRIMARY KEY); CREATE PUBLICATION p FOR TABLE t;
        SELECT pg_create_logical_replication_slot('slot', 'pgoutput');
        INSERT INTO t VALUES (1)""", database='pub')
    server.psql(f"""
        CREATE TABLE t (a int PRIMARY KEY);
        CREATE SUBSCRIPTION "a sub" CONNECTION 'host=127.0.0.1
        port={server.port} user=follower password=f dbname=pub'
        PUBLICATION p WITH (create_slot = false, slot_name = 'slot')""",
                database='sub')
    wait_for_rows(server, '1')
    site.configure(server, ('sub',))
    site.init()
    site.backup()
    return server


def wait_for_rows(server, rows):
    wait_until(lambda: server.psql('SELECT count(*) FROM t',
                                   database='sub') == rows, 'rows of sub')


def subscriptions(server):
    """database|name|enabled|slot of all."""
    return server.psql(
        'SELECT datname, subname, subenabled, subslotname'
        ' FROM pg_subscription s JOIN pg_database d ON d.oid = subdbid'
        ' ORDER BY 1, 2')


def test_a_database_with_a_live_subscription_is_replaced(site, subscriber):
    server = subscriber
    server.psql('INSERT INTO t VALUES (2)', database='pub')
    wait_for_rows(server, '2')
    done = site.restore('latest', '--replace', code=FINDINGS)
    warnings = done.result['warnings']
    assert any("subscription 'a sub'" in w and 'disabled' in w
               for w in warnings), done
    told = done.result['sources'][0]['databases'][0]['warning']
    assert "'a sub'" in told and 'slot' in told, done
    assert done.result['sources'][0]['findings'] == []
    assert our_databases(server) == []
    assert subscriptions(server) == 'sub|a sub|f|slot'
    # The restored one can go on.
    assert server.psql('SELECT slot_name FROM pg_replication_slots') == \
        'slot'
    server.psql('ALTER SUBSCRIPTION "a sub" ENABLE', database='sub')
    server.psql('ALTER SUBSCRIPTION "a sub" REFRESH PUBLICATION'
                ' WITH (copy_data = false)', database='sub')
    server.psql('INSERT INTO t VALUES (3)', database='pub')
    wait_for_rows(server, '2')


# Filled after all else, the subscriptions too; in a restore it takes for ever.
NEVER_FILLED_AGAIN = """
CREATE MATERIALIZED VIEW filled AS SELECT CASE current_database()
    WHEN 'sub' THEN 0 ELSE (SELECT 1 FROM pg_sleep(600)) END"""


def test_a_restore_that_ends_early_leaves_no_subscription(
        site, subscriber):
    server = subscriber
    before = subscriptions(server)
    server.psql(NEVER_FILLED_AGAIN, database='sub')
    site.backup()
    running = site.start('dbb-restore', '--json', 'run', 'latest', '--into',
                         'copy', '--yes')
    wait_until(lambda: subscriptions(server) != before, 'a subscription')
    running.signal(2)
    assert running.wait(60).code == CANCELED
    assert not leftovers()
    assert our_databases(server) == []
    assert subscriptions(server) == before


def test_what_a_killed_restore_left_is_swept_with_its_subscriptions(
        site, subscriber):
    server = subscriber
    before = subscriptions(server)
    name = 'dbb_old_00000000_00000000_000000'
    server.psql(f"CREATE DATABASE {name}; COMMENT ON DATABASE {name} IS"
                " 'libdbbackup: replaced \"x\" by set y'")
    server.psql(f"""
        CREATE SUBSCRIPTION left_over CONNECTION 'host=127.0.0.1
        port={server.port} user=follower password=f dbname=pub'
        PUBLICATION p WITH (connect = false, slot_name = 'slot');
        ALTER SUBSCRIPTION left_over ENABLE""", database=name)
    site.restore('latest', '--into', 'copy', code=FINDINGS)
    assert our_databases(server) == []
    assert subscriptions(server) == 'copy|a sub|f|slot\n' + before


def test_everything_and_a_subscription_come_back(site, second_server):
    """One that is disabled and has no slot is no cause for a warning."""
    import make_database
    server = second_server
    make_database.make(server.conninfo('full'), 17, 1, server.env,
                       subscription=True)
    site.configure(server, ('full',))
    site.init()
    site.backup()
    site.restore('latest', '--into', 'copy')
    assert_same(server, 'full', server, 'copy')
    assert subscriptions(server) == 'copy|far away|f|\nfull|far away|f|'
    site.restore('latest', '--replace')
    assert our_databases(server) == []


# ---- connection strings ----

@pytest.mark.parametrize('secret, leak', [
    ('geh@eim', 'eim'), ('geh/eim', 'eim'), ('x@geh/eim', 'eim')])
def test_a_password_that_splits_the_address_is_not_shown(
        site, server, secret, leak):
    site.init()
    site.configure(server, connection=f'postgresql://postgres:{secret}'
                   f'@127.0.0.1:{server.port}/app')
    for verb in (['--json', 'run'], ['-v', 'run'],
                 ['--json', 'config', 'show']):
        done = site.run('dbb-backup', *verb)
        assert leak not in done.out + done.err, done
    error = site.run('dbb-backup', '--json', 'run').error
    assert "'@'" in error['message'] and '%40' in error['hint'], error


# ---- what '*' means, and what is in the way ----

@pytest.fixture
def small_server(second_server, site):
    """A server of two small databases, all of them backed up."""
    second_server.psql('CREATE DATABASE app')
    second_server.psql('CREATE TABLE t AS SELECT 1 AS a', database='app')
    site.configure(second_server, ('*',),
                   connection=second_server.conninfo('postgres'))
    site.init()
    return second_server


def test_a_closed_database_is_named_when_all_are_backed_up(
        site, small_server):
    small_server.psql('CREATE DATABASE closed ALLOW_CONNECTIONS false;'
                      'CREATE DATABASE pattern ALLOW_CONNECTIONS false'
                      ' IS_TEMPLATE true')
    done = site.run('dbb-backup', '--json', 'run', code=FINDINGS)
    told = [w for w in done.result['warnings'] if "'closed'" in w]
    assert len(told) == 1 and 'no connections' in told[0], done
    assert not any('pattern' in w for w in done.result['warnings'])


def test_a_closed_database_is_refused_by_its_reason(site, small_server):
    small_server.psql('ALTER DATABASE app ALLOW_CONNECTIONS false')
    site.configure(small_server, ('app',))
    error = site.run('dbb-backup', '--json', 'run', code=FAILED).error
    assert 'not currently accepting connections' in error['message']
    assert 'ALLOW_CONNECTIONS' in error['hint']
    assert 'running' not in error['hint']


def test_several_databases_onto_an_existing_one(
        site, small_server):
    """What is advised works; --into cannot."""
    site.backup()
    small_server.drop('app')
    done = site.restore('latest', code=FAILED)
    assert "'postgres' exists" in done.error['message'], done
    assert 'empty' not in done.error['message']  # the history is in it
    assert '--replace' in done.error['hint'], done
    assert '--into' not in done.error['hint'], done
    site.restore('latest', '--replace')
    assert small_server.psql('TABLE t', database='app') == '1'


def test_an_empty_database_in_the_way_is_said_to_be_empty(
        site, small_server):
    site.configure(small_server, ('app',))
    site.backup()
    error = site.restore('latest', code=FAILED).error
    assert 'empty' not in error['message'], error
    small_server.psql('DROP TABLE t', database='app')
    error = site.restore('latest', code=FAILED).error
    assert "'app' exists" in error['message'] and \
        '(it is empty)' in error['message'], error


# ---- settings of users and databases ----

TIMEOUTS = ('statement_timeout', 'lock_timeout', 'idle_session_timeout',
            'idle_in_transaction_session_timeout')


def test_timeouts_of_a_database_do_not_strike(site, small_server):
    server = small_server
    for name in TIMEOUTS:
        server.psql(f"ALTER DATABASE app SET {name} = '1ms'")
    site.configure(server, ('app',))
    site.backup()
    site.restore('latest', '--into', 'copy')
    assert server.psql("SELECT count(*) FROM pg_db_role_setting s,"
                       " unnest(setconfig) c JOIN pg_database d ON true"
                       " WHERE d.oid = setdatabase AND datname = 'copy'") \
        == str(len(TIMEOUTS))


def test_timeouts_of_the_user_do_not_strike(site, small_server):
    # In one session: the next one is under them itself.
    small_server.psql(';'.join(f"ALTER ROLE postgres SET {name} = '1ms'"
                               for name in TIMEOUTS))
    site.configure(small_server, ('app',), connection=small_server.conninfo(
        'app') + " options='-c work_mem=5MB'")
    try:
        site.backup()
        site.restore('latest', '--into', 'copy')
    finally:
        options = ' '.join(f'-c {name}=0' for name in TIMEOUTS)
        small_server.tool('psql', '-c', 'ALTER ROLE postgres RESET ALL',
                          database=f"postgres' options='{options}")


def test_the_user_s_own_options_are_kept(site, small_server):
    site.configure(small_server, ('app',), connection=small_server.conninfo(
        'app') + " options='-c no_such_setting=1'")
    error = site.run('dbb-backup', '--json', 'run', code=FAILED).error
    assert 'no_such_setting' in error['message'], error
    assert 'running, and' not in error['hint'], error


# ---- properties of a database ----

def test_a_template_comes_back_as_one(site, small_server):
    server = small_server
    server.psql('ALTER DATABASE app IS_TEMPLATE true')
    site.configure(server, ('app',))
    site.backup()
    error = site.restore('latest', '--replace', code=FAILED).error
    assert 'IS_TEMPLATE false' in error['hint'], error
    server.psql('ALTER DATABASE app IS_TEMPLATE false')
    site.restore('latest', '--replace')
    site.restore('latest', '--into', 'copy')
    assert server.psql(
        "SELECT datname FROM pg_database WHERE datistemplate"
        " AND datname !~ '^template' ORDER BY 1") == 'app\ncopy'
    assert our_databases(server) == []


def test_replacing_a_closed_database_says_that_it_opens(
        site, small_server):
    site.configure(small_server, ('app',))
    site.backup()
    small_server.psql('ALTER DATABASE app ALLOW_CONNECTIONS false')
    done = site.restore('latest', '--replace', '--no-safety-set',
                        code=FINDINGS)
    assert re.search("'app' accepts no connections",
                     ' '.join(done.result['warnings'])), done
    assert small_server.psql('TABLE t', database='app') == '1'
    assert our_databases(small_server) == []
