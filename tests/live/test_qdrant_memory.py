# SPDX-License-Identifier: BSD-2-Clause
"""Peak memory with Qdrant: bounded, and the same for a small and a large
snapshot, in both directions."""

import os

import pytest

from programs import DONE, is_sanitized, program
from qdrant_site import QdrantSite

LIMIT_KB = 96 * 1024
SPREAD_KB = 24 * 1024
BIG_MB = int(os.environ.get('DBB_TEST_QDRANT_MB', '200'))
SIZES = {'small': 40, 'large': BIG_MB}      # MB
DIMENSIONS = 4096       # few large points are made quickly
BATCH = 1000
WORDS = {'backup': ('dbb-backup', '--json', 'run'),
         'restore': ('dbb-restore', '--json', 'run', 'latest', '--into',
                     'copy', '--yes')}


def make(qdrant, name, size_bytes):
    """A collection whose vectors take so much."""
    qdrant.make(name, 0, DIMENSIONS)
    for first in range(1, size_bytes // DIMENSIONS // 4, BATCH):
        qdrant.fill(name, BATCH, first)


def run_both(site):
    """How both programs ended, by verb."""
    return {verb: site.run(*args, code=DONE, measure=True)
            for verb, args in WORDS.items()}


@pytest.fixture
def peaks(new_qdrant, built, tmp_path):
    """verb -> size -> how it ended, with its peak."""
    if is_sanitized(program('dbb-backup')):
        pytest.skip('a sanitizer takes memory of its own')
    qdrant, found = new_qdrant(large=True), {}
    for size, megabytes in SIZES.items():
        make(qdrant, size, megabytes * 1_000_000)
        folder = tmp_path / size
        folder.mkdir()
        site = QdrantSite(folder, qdrant, collections=size)
        site.init()
        for verb, done in run_both(site).items():
            found.setdefault(verb, {})[size] = done
        assert qdrant.count('copy') == qdrant.count(size)
        qdrant.drop_all()
    return found


def test_memory_is_flat_in_both_directions(peaks):
    for size, done in peaks['backup'].items():
        assert done.result['size_bytes'] >= SIZES[size] * 1_000_000
    for verb in WORDS:
        small, large = (peaks[verb][it].peak_kb for it in SIZES)
        print(f'{verb}: {small} KB and {large} KB')
        assert max(small, large) <= LIMIT_KB
        assert large - small <= SPREAD_KB
