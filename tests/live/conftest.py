# SPDX-License-Identifier: BSD-2-Clause
"""Fixtures: servers, sample databases, an installation of the programs.

DBB_BIN names the folder of the programs (default: frontends in the tree).
What is missing here is skipped with the reason; with CI=true it fails.
"""

import os
import sys

import pytest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, '..', 'data')]

import minio_server  # noqa: E402
import postgres_server  # noqa: E402
import processes  # noqa: E402
import programs  # noqa: E402
import qdrant_server  # noqa: E402
import s3_server  # noqa: E402
import versity_server  # noqa: E402


# Two files run at a time: those that take long begin, so that none of them is
# alone at the end.
LONGEST = ('test_s3_faults', 'test_s3_cluster', 'test_memory', 'test_damage',
           'test_qdrant_replay', 'test_s3_round_trip', 'test_hostile',
           'test_interrupt', 'test_secrets', 'test_round_trip',
           'test_second_run')


def pytest_collection_modifyitems(items):
    """Put the longest files first; what is of one file stays together."""
    def rank(item):
        name = item.path.stem
        return LONGEST.index(name) if name in LONGEST else len(LONGEST)
    items.sort(key=rank)


def missing(why):
    """Skip, or fail where everything must be there."""
    if os.environ.get('CI') == 'true':
        pytest.fail(why, pytrace=False)
    pytest.skip(why)


def new_server():
    """A started, empty server."""
    try:
        return postgres_server.Server()
    except (postgres_server.Unavailable, OSError) as error:
        return missing(f'no PostgreSQL server: {error}')


@pytest.fixture(scope='session', autouse=True)
def _reaper():
    processes.become_reaper()


@pytest.fixture(scope='session')
def server():
    """The PostgreSQL server of this run, with what tests put there."""
    it = new_server()
    if it is not None:
        yield it
        it.close()


@pytest.fixture
def second_server():
    """Another server, empty, for one test."""
    it = new_server()
    if it is not None:
        yield it
        it.close()


def new_s3_server(kind, **options):
    """A started S3 server, empty but for the bucket 'backups'."""
    try:
        return kind(**options)
    except (s3_server.Unavailable, OSError) as error:
        return missing(f'no S3 server: {error}')


@pytest.fixture(scope='session')
def minio():
    """The MinIO of this run, over http; tests use prefixes of their own."""
    it = new_s3_server(minio_server.Server)
    if it is not None:
        yield it
        it.close()


@pytest.fixture
def minio_cluster():
    """A MinIO of four nodes, for one test."""
    it = new_s3_server(minio_server.Server, nodes=4)
    if it is not None:
        yield it
        it.close()


@pytest.fixture(scope='session')
def versity():
    """The Versity gateway of this run."""
    it = new_s3_server(versity_server.Server)
    if it is not None:
        yield it
        it.close()


@pytest.fixture
def new_qdrant():
    """Makes Qdrant servers for one test; see qdrant_server."""
    made = []

    def make(**options):
        try:
            made.append(qdrant_server.new(**options))
        except (qdrant_server.Unavailable, OSError) as error:
            return missing(f'no Qdrant server: {error}')
        return made[-1]
    yield make
    for it in made:
        it.close()


@pytest.fixture
def qdrant(new_qdrant):
    """A Qdrant server, empty, for one test."""
    return new_qdrant()


@pytest.fixture(scope='module')
def qdrant_session():
    """A Qdrant server for all tests of a file, which use names of their own."""
    try:
        it = qdrant_server.new()
    except (qdrant_server.Unavailable, OSError) as error:
        missing(f'no Qdrant server: {error}')
    yield it
    it.close()


@pytest.fixture(scope='session')
def sample(server):
    """The database 'app' with everything in it; no test changes it."""
    server.make('app', 17)
    return 'app'


@pytest.fixture(scope='session')
def medium(server):
    """The database 'medium' of 100 MB; no test changes it."""
    server.make('medium', 100, seed=2)
    return 'medium'


@pytest.fixture(scope='session')
def built():
    """The programs, or no test that needs them."""
    for name in ('dbb-backup', 'dbb-restore'):
        if not programs.program(name):
            missing(f'{name} is not built: make, and set DBB_BIN to the'
                    " build tree's frontends")


@pytest.fixture
def new_site(tmp_path, server, built):
    """Makes an installation that backs up some databases, its repository not
    yet made."""
    def make(databases=('app',)):
        return programs.Site(tmp_path, server, databases)
    return make


@pytest.fixture
def site(new_site):
    """An installation that backs up 'app'."""
    return new_site()


@pytest.fixture
def drops(server):
    """A list: databases put there are dropped at the end."""
    names = []
    yield names
    for name in names:
        server.drop(name)


@pytest.fixture
def as_root():
    """For tests that mount or change the user."""
    if os.geteuid() != 0:
        missing('needs root: it mounts, or runs as another user')
