# SPDX-License-Identifier: BSD-2-Clause
"""The round trip of PostgreSQL, all of it, with a sealed repository on MinIO,
and in bounded memory (S3Site measures each program that it runs)."""

import pytest

import compare
from programs import DONE
from s3_site import MOST_KB, S3Site
from test_round_trip import *  # noqa: F401, F403: the cases, with this site


@pytest.fixture
def new_site(tmp_path, server, minio, built):
    """Makes installations whose repository is a sealed one on MinIO."""
    def make(databases=('app',), **settings):
        return S3Site(tmp_path, server, minio, databases, sealed=True,
                      **settings)
    return make


@pytest.mark.parametrize('part_size', ['5M', '16M'])
def test_memory_is_bounded_with_objects_in_parts(
        new_site, server, medium, drops, part_size):
    drops.append('again')
    site = new_site((medium,), part_size=part_size, concurrency=8)
    site.init()
    made = site.backup()
    assert len(site.objects('packs/')) > 1
    site.run('dbb-backup', 'verify', '--read-data', code=DONE)
    done = site.restore(made['set'], '--into', 'again')
    assert 0 < done.peak_kb <= MOST_KB
    compare.assert_same(server, medium, server, 'again')
    assert site.s3.client().uploads('backups') == []


def test_a_stricter_server_does_as_well(
        tmp_path, server, sample, versity, built, drops):
    drops.append('again')
    site = S3Site(tmp_path, server, versity, part_size='5M')
    site.init()
    made = site.backup()
    again = site.backup()
    assert [s['set'] for s in site.sets()] == [made['set'], again['set']]
    site.run('dbb-backup', 'verify', '--read-data', code=DONE)
    site.restore(made['set'], '--into', 'again')
    compare.assert_same(server, sample, server, 'again')
    site.run('dbb-backup', 'prune', code=DONE,
             env={'DBB_RETENTION_KEEP_LAST': '1'})
    assert [s['set'] for s in site.sets()] == [again['set']]
