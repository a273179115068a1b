# SPDX-License-Identifier: BSD-2-Clause
"""The programs under doc/examples, compiled: that of the README makes a set
of a real database; the other keeps objects in a store."""

import os
import shlex
import subprocess

import pytest

import programs
from conftest import missing

EXAMPLES = os.path.join(programs.TREE, 'doc', 'examples')


def compiled(name, folder):
    """A compiled example, and how it finds the library."""
    libs = programs.library_path(programs.program('dbb-backup'))
    if not os.path.exists(os.path.join(libs, 'libdbbackup.so')):
        missing(f'no library of the build in \'{libs}\'')
    program = folder / name
    subprocess.run(
        [*shlex.split(os.environ.get('CC', 'cc')), '-std=c11', '-Wall',
         '-Wextra', '-Werror', '-I', os.path.join(programs.TREE, 'include'),
         os.path.join(EXAMPLES, f'{name}.c'), '-L', libs, '-ldbbackup', '-o', program], check=True)
    return [program], {'LD_LIBRARY_PATH': libs}


@pytest.fixture
def embed(built, tmp_path):
    """The program of the README."""
    return compiled('embed', tmp_path)


@pytest.fixture
def store(built, tmp_path):
    """Runs the program that keeps objects, with this input."""
    command, found = compiled('store', tmp_path)

    def run_it(*args, given=b''):
        return subprocess.run([*command, *args], env=found, input=given,
                              capture_output=True, check=False)
    return run_it


def run(embed, site, env=None):
    command, found = embed
    return subprocess.run(
        command, env=site.environment({**found, **(env or {})}),
        cwd=site.folder, capture_output=True, text=True, check=False)


def test_it_prints_the_id_of_the_set_it_made(embed, site, sample):
    site.init()
    done = run(embed, site)     # finds ./dbbackup.conf
    assert done.returncode == 0, done
    assert [s['set'] for s in site.sets()] == [done.stdout.strip()]


def test_it_says_what_went_wrong(embed, site):
    done = run(embed, site, {'DBB_REPOSITORY_URL': 'file:///nonexistent'})
    assert done.returncode == 1 and done.stdout == ''
    assert '/nonexistent' in done.stderr


def keeps(store, url, *settings):
    """What was put is what is got; nothing is written over, and what is not
    there is told by name."""
    content = b'not all of it is text \0\xff\n' * 100_000
    done = store('put', url, 'an/object', *settings, given=content)
    assert done.returncode == 0, done
    done = store('get', url, 'an/object', *settings)
    assert done.returncode == 0 and done.stdout == content
    done = store('put', url, 'an/object', *settings, given=b'another')
    assert done.returncode == 1 and b"'an/object'" in done.stderr
    done = store('get', url, 'another', *settings)
    assert done.returncode == 1 and b"'another'" in done.stderr
    assert done.stdout == b''


def test_it_keeps_objects_in_a_folder(store, tmp_path):
    keeps(store, f'file://{tmp_path}/objects')


def test_it_keeps_objects_in_a_bucket(store, minio):
    keys = minio.client().keys
    keeps(store, 's3://backups/objects', f'endpoint={minio.url()}',
          f'access-key={keys.access}', f'secret-key={keys.secret}')


def test_it_tells_a_setting_that_no_store_knows(store, tmp_path):
    done = store('put', f'file://{tmp_path}/objects', 'a', 'endpont=x')
    assert done.returncode == 1 and b"'endpont'" in done.stderr
