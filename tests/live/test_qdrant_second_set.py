# SPDX-License-Identifier: BSD-2-Clause
"""What a second set of a collection adds to a repository."""

import os

import pytest

from qdrant_site import QdrantSite

SMALL = 20000
POINTS = int(os.environ.get('DBB_TEST_QDRANT_POINTS', SMALL))
DIMENSIONS = 384
MOST_PERCENT = 5        # that nothing changed adds


def grown(site):
    """What a backup adds."""
    before = site.stored_bytes()
    site.backup()
    return site.stored_bytes() - before


@pytest.mark.parametrize('method, points', [
    ('snapshot', POINTS), ('scroll', POINTS // 5)])     # that one is slower
def test_an_unchanged_collection_adds_next_to_nothing(
        method, points, new_qdrant, built, tmp_path):
    qdrant = new_qdrant(large=POINTS > SMALL)
    qdrant.make('it', 0, vectors={'size': DIMENSIONS, 'distance': 'Cosine'})
    qdrant.fill('it', points)
    site = QdrantSite(tmp_path, qdrant, method=method)
    site.init()
    first, second = grown(site), grown(site)
    qdrant.fill('it', points // 100, points // 2, seed=2)
    changed = grown(site)
    print(f'{method}: {first} bytes, then {100 * second / first:.2f} %, with '
          f'1 % of the points changed {100 * changed / first:.2f} %')
    assert first > points * DIMENSIONS      # vectors of noise, a byte at least
    assert second <= first * MOST_PERCENT / 100
    assert second < changed < first / 2
