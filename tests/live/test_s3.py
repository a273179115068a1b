# SPDX-License-Identifier: BSD-2-Clause
"""A repository in S3: what goes in comes back, on a real MinIO."""

import uuid

import compare
import pytest
from minio_server import ROOT
from programs import DONE, NO_REPOSITORY, Site

PEAK_KB = 128 * 1024


def s3_keys(server, **more):
    """The keys under [repository] for a prefix of its own."""
    return {'url': f's3://backups/{uuid.uuid4().hex}',
            'endpoint': server.url(), 'access-key': ROOT.access,
            'secret-key': ROOT.secret, 'region': 'us-east-1', **more}


@pytest.fixture
def s3_site(tmp_path, server, sample, minio, built):
    """An installation whose sealed repository is in MinIO."""
    site = Site(tmp_path, server)
    site.write_secret(f'{site.folder}/passphrase', 'over the hills')
    site.opening = s3_keys(
        minio, **{'password-file': f'{site.folder}/passphrase'})
    site.configure(server, (sample,))
    return site


def test_a_database_comes_back_from_s3(s3_site, server, sample, drops):
    site = s3_site
    drops.append('from_s3')
    assert site.init()['repository']['created']
    assert not site.init()['repository']['created']
    made = site.backup()
    assert made['status'] == 'completed'
    again = site.backup()
    assert again['set'] != made['set']
    done = site.restore(made['set'], '--into', 'from_s3')
    assert done.result['sources'][0]['findings'] == []
    compare.assert_same(server, sample, server, 'from_s3')
    site.run('dbb-backup', 'verify', '--read-data', code=DONE)


def test_sets_are_pruned_in_s3(s3_site):
    site = s3_site
    site.init()
    for _ in range(3):
        site.backup()
    config = open(site.config, encoding='utf-8').read()
    with open(site.config, 'w', encoding='utf-8') as file:
        file.write(config + '[retention]\nkeep-last = 1\n')
    site.run('dbb-backup', '--json', 'prune', code=DONE)
    assert len(site.sets()) == 1
    site.run('dbb-backup', 'verify', '--read-data', code=DONE)


def test_memory_is_bounded_with_s3(tmp_path, server, medium, minio, built,
                                   drops):
    site = Site(tmp_path, server, (medium,))
    site.opening = s3_keys(minio)
    site.configure(server, (medium,))
    site.init()
    drops.append('peak_s3')
    peaks = {}
    for verb, args in {
            'first': ('dbb-backup', '-q', 'run'),
            'verify': ('dbb-backup', '-q', 'verify', '--read-data'),
            'restore': ('dbb-restore', '-q', 'run', 'latest', '--into',
                        'peak_s3', '--yes')}.items():
        peaks[verb] = site.run(*args, code=0, measure=True).peak_kb
    print(peaks)
    assert max(peaks.values()) <= PEAK_KB


def test_a_bucket_that_is_not_there_is_named(s3_site, server, sample):
    site = s3_site
    site.opening['url'] = 's3://no-such-bucket/x'
    site.configure(server, (sample,))
    done = site.run('dbb-backup', 'list', code=NO_REPOSITORY)
    assert "there is no such bucket" in done.err
    assert "'dbb-backup init'" in done.err
