# SPDX-License-Identifier: BSD-2-Clause
"""The program of the README, compiled, makes a set of a real database."""

import os
import shlex
import subprocess

import pytest

import programs
from conftest import missing

EMBED = os.path.join(programs.TREE, 'doc', 'examples', 'embed.c')


@pytest.fixture
def embed(built, tmp_path):
    """The compiled program, and how it finds the library."""
    libs = programs.library_path(programs.program('dbb-backup'))
    if not os.path.exists(os.path.join(libs, 'libdbbackup.so')):
        missing(f'no library of the build in \'{libs}\'')
    program = tmp_path / 'embed'
    subprocess.run(
        [*shlex.split(os.environ.get('CC', 'cc')), '-std=c11', '-Wall',
         '-Wextra', '-Werror', '-I', os.path.join(programs.TREE, 'include'),
         EMBED, '-L', libs, '-ldbbackup', '-o', program], check=True)
    return [program], {'LD_LIBRARY_PATH': libs}


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
