# SPDX-License-Identifier: BSD-2-Clause
"""Keys that may do little: the policies of doc/s3.md are enough for what they
are for, and for no more."""

import json
import os
import re

import compare
import pytest
from programs import DONE, FAILED, TREE
from s3_client import Refused
from s3_site import S3Site


def documented(name, bucket, prefix):
    """A policy of doc/s3.md, for this bucket and prefix."""
    with open(os.path.join(os.environ.get('TEST_SOURCE', TREE),
                           'doc/s3.md'), encoding='utf-8') as file:
        found = re.search(rf'### {name}\n.*?```json\n(.*?)```', file.read(),
                          re.S)
    assert found, name
    return json.loads(found[1].replace('BUCKET', bucket)
                      .replace('PREFIX/', prefix))


@pytest.fixture
def writer(tmp_path, server, sample, minio, built):
    """An installation whose key of the store may only add backups, and which
    has the write-only key of a sealed repository."""
    site = S3Site(tmp_path, server, minio, sealed=True, region='us-east-1')
    site.init()
    path = os.path.join(site.folder, 'write-only')
    site.run('dbb-backup', 'key', 'export', '--write-only', path, code=DONE)
    site.whole = dict(site.opening)
    keys = minio.client().assume(documented('A key that only adds backups',
                                            'backups', site.prefix))
    site.opening['password-file'] = None
    site.use(keys, key_file=path)
    site.narrow = minio.client(keys)
    site.write_only = path
    return site


def as_whole(site):
    """From now on with all rights."""
    site.opening = {**dict.fromkeys(site.opening), **site.whole}
    site.use(site.s3.client().keys)


def assert_cannot(site, *requests):
    for method, name in requests:
        with pytest.raises(Refused):
            site.narrow.request(method, f'/backups/{site.prefix}{name}')


def test_a_key_that_only_adds_is_enough_for_backups(writer, server, sample,
                                                    drops):
    drops += ['first', 'third']
    sets = [writer.backup()['set'] for _ in range(3)]
    assert_cannot(writer, *(
        (method, name) for below in ('packs/', 'sets/')
        for name in writer.objects(below) for method in ('GET', 'DELETE')),
        *(('DELETE', name) for name in writer.objects('index/')))
    as_whole(writer)
    assert [s['set'] for s in writer.sets()] == sets
    writer.run('dbb-backup', 'verify', '--read-data', code=DONE)
    for id, name in ((sets[0], 'first'), (sets[2], 'third')):
        writer.restore(id, '--into', name)
        compare.assert_same(server, sample, server, name)


def test_what_it_added_stays_through_a_prune(writer, server, drops):
    """Packs that it wrote to or found chunks in are named by its sets."""
    drops += ['written', 'pruned']
    server.copy('app', 'written')
    writer.use(databases=('written',))
    writer.backup()
    server.psql("UPDATE library.documents SET body = md5(body) || body",
                database='written')
    last = writer.backup()['set']
    as_whole(writer)
    writer.run('dbb-backup', '--json', 'prune', code=DONE,
               env={'DBB_RETENTION_KEEP_LAST': '1'})
    assert [s['set'] for s in writer.sets()] == [last]
    writer.run('dbb-backup', 'verify', '--read-data', code=DONE)
    writer.restore(last, '--into', 'pruned')
    compare.assert_same(server, 'written', server, 'pruned')


def test_with_the_passphrase_it_is_enough_as_well(writer, server):
    writer.opening['password-file'] = writer.whole['password-file']
    writer.use(key_file=None)
    done = writer.run('dbb-backup', '-v', 'run', code=DONE)
    assert 'is not read back to be checked' in done.err, done
    assert writer.backup()['status'] == 'completed'


NOT_LOOKED_FOR = 'what earlier runs left in servers is not taken away'


def test_it_looks_what_killed_runs_left(writer):
    writer.backup()
    assert writer.objects('leases/')
    done = writer.run('dbb-backup', '-v', 'run', code=DONE)
    assert NOT_LOOKED_FOR not in done.err, done


def test_without_the_right_to_read_leases_it_works_and_says_so(writer, minio):
    policy = documented('A key that only adds backups', 'backups',
                        writer.prefix)
    policy['Statement'][1]['Resource'] = [
        name for name in policy['Statement'][1]['Resource']
        if not name.endswith('leases/*')]
    writer.use(minio.client().assume(policy), key_file=writer.write_only)
    writer.backup()
    done = writer.run('dbb-backup', '-v', 'run', code=DONE)
    assert NOT_LOOKED_FOR in done.err, done


def test_parts_that_cannot_be_read_back_are_compared_by_size(writer):
    writer.use(part_size='5MiB')
    writer.backup()
    as_whole(writer)
    writer.run('dbb-backup', 'verify', '--read-data', code=DONE)


def test_restoring_with_it_is_refused_with_the_right_that_lacks(writer):
    writer.backup()
    done = writer.run('dbb-restore', 'run', 'latest', '--into', 'nothing',
                      '--yes', code=FAILED)
    assert 's3:GetObject' in done.err, done
