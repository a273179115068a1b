# SPDX-License-Identifier: BSD-2-Clause
"""Peak memory: bounded, and the same for a small and a large database."""

import os

import pytest

from programs import Site

LIMIT_KB = 96 * 1024
SPREAD_KB = 8 * 1024
BIG_MB = int(os.environ.get('DBB_TEST_BIG_MB', '2000'))


@pytest.fixture(scope='module')
def peaks(server, medium, built, tmp_path_factory):
    """verb -> size -> peak in KB."""
    found = {}
    sizes = {'small': medium, 'large': 'large'}
    try:
        server.make('large', BIG_MB, seed=4)
        for size, database in sizes.items():
            site = Site(tmp_path_factory.mktemp(size), server, (database,))
            for verb, peak in run_all(site, server, database):
                found.setdefault(verb, {})[size] = peak
    finally:
        server.drop('large')
        server.drop('memory')
    print(found)
    return found


def run_all(site, server, database):
    """Each verb that moves all the data, and its peak."""
    site.init()
    for verb, args in {
            'first': ('dbb-backup', '-q', 'run'),
            'second': ('dbb-backup', '-q', 'run'),
            'verify': ('dbb-backup', '-q', 'verify', '--read-data'),
            'cat': ('dbb-restore', '-q', 'cat', 'latest', 'main'),
            'restore': ('dbb-restore', '-q', 'run', 'latest', '--into',
                        'memory', '--yes')}.items():
        if verb == 'cat':
            args += (dump_stream(site, database),)
        done = site.run(*args, code=0, measure=True, timeout=900,
                        out='/dev/null' if verb == 'cat' else None)
        yield verb, done.peak_kb
    server.drop('memory')


def dump_stream(site, database):
    """The name of a database's stream in the newest set."""
    shown = site.run('dbb-backup', '--json', 'show',
                     site.sets()[-1]['set']).result
    return next(s['name'] for source in shown['sources']
                for s in source['streams'] if database in s['name'])


@pytest.mark.parametrize('verb', ['first', 'second', 'verify', 'cat',
                                  'restore'])
def test_peak_is_bounded_whatever_the_size(peaks, verb):
    small, large = peaks[verb]['small'], peaks[verb]['large']
    print(f'{verb}: {small} KB and {large} KB')
    assert max(small, large) <= LIMIT_KB
    assert abs(large - small) <= SPREAD_KB
