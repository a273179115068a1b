# SPDX-License-Identifier: BSD-2-Clause
"""Object lock: what the backup's own credential cannot destroy, what is
extended, what prune must leave, and how a bucket is read as it was before."""

import base64
import datetime
import hashlib
import json
import re
import time
import uuid

import compare
import pytest
from programs import DONE, FAILED, FINDINGS, NO_REPOSITORY, Site
from s3_client import Refused, policy, xml_text

DAY = datetime.timedelta(days=1)
LOCKED = ('packs/', 'index/', 'sets/')


def now():
    return datetime.datetime.now(datetime.timezone.utc)


def stamp(moment):
    return moment.strftime('%Y-%m-%dT%H:%M:%S.%f')[:-3] + 'Z'


class LockedSite(Site):
    """An installation whose repository is in a bucket of its own, which init
    makes, with object lock."""

    def __init__(self, folder, server, s3, database, mode, days=2):
        super().__init__(folder, server, (database,))
        self.client, self.database = s3.client(), database
        self.bucket = f'lock-{uuid.uuid4().hex[:12]}'
        self.opening = {
            'url': f's3://{self.bucket}/here', 'endpoint': s3.url(),
            'access-key': self.client.keys.access,
            'secret-key': self.client.keys.secret,
            'object-lock': mode, 'object-lock-days': days}
        self.set()

    def set(self, **settings):
        """Go on with other keys of [repository]; None takes one out."""
        self.opening.update({name.replace('_', '-'): value
                             for name, value in settings.items()})
        self.configure(self.server, (self.database,))

    def names(self, below=''):
        """Of the objects that there are now."""
        return sorted(key[len('here/'):] for key in
                      self.client.sizes(self.bucket, f'here/{below}'))

    def retention(self, name):
        """Until when it is locked, as the server says; None: it is not."""
        try:
            said = self.client.request(
                'GET', f'/{self.bucket}/here/{name}', {'retention': ''})
        except Refused as refused:
            assert refused.code == 'NoSuchObjectLockConfiguration', refused
            return None
        return datetime.datetime.fromisoformat(
            xml_text(said, 'RetainUntilDate')[0].replace('Z', '+00:00'))

    def versions(self, name):
        """The ids of its versions, the newest first."""
        said = self.client.request(
            'GET', f'/{self.bucket}', {'versions': '',
                                       'prefix': f'here/{name}'})
        return re.findall(rb'<VersionId>([^<]*)</VersionId>', said)

    def unlock(self, name):
        """As who may do so in governance mode: end its lock."""
        body = b'<Retention></Retention>'
        self.client.request(
            'PUT', f'/{self.bucket}/here/{name}', {'retention': ''}, body,
            {'x-amz-bypass-governance-retention': 'true',
             'content-md5': base64.b64encode(
                 hashlib.md5(body).digest()).decode()})

    def prune(self, *args, code=DONE, keep_last=1):
        return self.run('dbb-backup', '--json', 'prune', *args, code=code,
                        env={'DBB_RETENTION_KEEP_LAST': str(keep_last)}
                        ).result

    def let_the_grace_end(self):
        """From now on it lasts a second, and that has gone by."""
        key = 'here/repository.json'
        plain = json.loads(self.client.get(self.bucket, key))
        plain['grace_s'] = 1
        cut = plain['chunker']
        plain['id'] = hashlib.sha256(
            f'gear64 {cut["seed"]} {cut["min_bytes"]} {cut["average_bytes"]} '
            f'{cut["max_bytes"]} none 1 {plain["created_at"]}'.encode()
        ).hexdigest()[:32]
        self.client.put(self.bucket, key, json.dumps(plain).encode())
        time.sleep(2.1)


@pytest.fixture(params=['governance', 'compliance'])
def locked(request, tmp_path, server, sample, minio, built):
    site = LockedSite(tmp_path, server, minio, sample, request.param)
    site.init()
    return site


@pytest.fixture
def governed(tmp_path, server, sample, minio, built):
    site = LockedSite(tmp_path, server, minio, sample, 'governance')
    site.init()
    return site


def test_sets_are_locked_and_nothing_else(locked):
    locked.backup()
    begun = now()
    names = locked.names()
    assert any(name.startswith('sets/') for name in names)
    for name in names:
        until = locked.retention(name)
        if name.startswith(LOCKED):
            assert abs(until - begun - 2 * DAY).total_seconds() < 300, name
        else:
            assert until is None, name


def try_all(site, thief, name):
    """All that can be tried to do away with one object for good; whether
    anything was done."""
    path = f'/{site.bucket}/here/{name}'
    bypass = {'x-amz-bypass-governance-retention': 'true'}
    soon = stamp(now() + datetime.timedelta(seconds=5)).encode()
    bodies = [b'<Retention></Retention>'] + [
        b'<Retention><Mode>' + mode + b'</Mode><RetainUntilDate>' + soon
        + b'</RetainUntilDate></Retention>'
        for mode in (b'GOVERNANCE', b'COMPLIANCE')]
    requests = [('PUT', {'retention': ''}, body) for body in bodies] + [
        ('DELETE', {'versionId': version.decode()}, b'')
        for version in site.versions(name)]
    done = False
    for method, query, body in requests:
        for more in ({}, bypass):
            try:
                thief.request(method, path, query, body, {
                    **more, 'content-md5': base64.b64encode(
                        hashlib.md5(body).digest()).decode()})
                done = True
            except Refused:
                pass
    return done


def test_yesterdays_set_cannot_be_destroyed(locked, minio, server, sample,
                                            drops):
    """In compliance mode a key with all rights, in governance mode one that
    may not delete versions: what it can do is to write over names and to lay
    markers above them. The bucket as it was before still restores."""
    drops += ['as_of', 'as_was']
    compliance = locked.opening['object-lock'] == 'compliance'
    keys = minio.client().assume(policy(
        ('Allow', ['s3:*'], ['*']),
        *([] if compliance else [('Deny', ['s3:DeleteObjectVersion'],
                                  ['*'])])))
    thief = minio.client(keys)
    locked.set(access_key=keys.access, secret_key=keys.secret,
               session_token=keys.token)
    made = locked.backup()['set']
    time.sleep(1.1)
    yesterday = stamp(now())
    time.sleep(1.1)
    for name in locked.names():
        if name.startswith(LOCKED):
            done = try_all(locked, thief, name)
            assert not (done and compliance), name
        if name.startswith(('packs/', 'keys/')):
            thief.put(locked.bucket, f'here/{name}', b'nonsense')
        else:
            thief.delete(locked.bucket, f'here/{name}')
    assert locked.run('dbb-restore', 'run', 'latest', '--into', 'as_of',
                      '--yes').code != DONE
    locked.set(as_of=yesterday)
    assert [s['set'] for s in locked.sets()] == [made]
    done = locked.restore('latest', '--into', 'as_was')
    assert done.result['sources'][0]['findings'] == []
    compare.assert_same(server, sample, server, 'as_was')
    locked.run('dbb-backup', 'verify', '--read-data', code=DONE)


def test_before_there_was_anything_there_is_nothing(governed):
    before = stamp(now() - DAY)
    governed.backup()
    governed.set(as_of=before)
    governed.run('dbb-backup', 'list', code=NO_REPOSITORY)


def test_the_past_is_not_written_to(governed):
    governed.backup()
    time.sleep(1.1)
    governed.set(as_of=stamp(now()))
    names = governed.names()
    done = governed.run('dbb-backup', 'run', code=FAILED)
    assert 'as it was at' in done.err and 'as-of' in done.err, done
    assert governed.names() == names


def test_newer_sets_extend_the_locks_of_what_they_need(governed):
    governed.backup()
    older = [n for n in governed.names() if n.startswith(('packs/',
                                                          'index/'))]
    before = {name: governed.retention(name) for name in older}
    governed.set(object_lock_days=5)
    governed.backup()
    begun = now()
    for name in older:
        assert governed.retention(name) - before[name] > 2.9 * DAY, name
        assert governed.retention(name) - begun > 4.9 * DAY, name
    governed.set(object_lock_days=1)
    governed.backup()
    for name in older:
        assert governed.retention(name) - begun > 4.9 * DAY, name


def test_locks_that_cannot_be_extended_are_a_warning(governed, minio):
    governed.backup()
    older = [name for name in governed.names()
             if name.startswith(('packs/', 'index/'))]
    keys = minio.client().assume(policy(
        ('Allow', ['s3:*'], ['*']),
        ('Deny', ['s3:PutObjectRetention'],
         [f'{governed.bucket}/here/{name[:20]}*' for name in older])))
    governed.set(access_key=keys.access, secret_key=keys.secret,
                 session_token=keys.token)
    done = governed.backup(code=FINDINGS)
    assert len(done['warnings']) == 1
    assert f'{len(older)} could not be locked' in done['warnings'][0], done
    assert len(governed.sets()) == 2


def test_prune_leaves_locked_sets_and_says_until_when(locked):
    first = locked.backup()['set']
    second = locked.backup()['set']
    names = locked.names('sets/') + locked.names('packs/')
    until = locked.retention(f'sets/{first}')
    for args in (('--dry-run',), ()):
        said = locked.prune(*args)
        assert said['removed'] == 0 and said['locked']['sets'] == 1
        by_id = {s['set']: s for s in said['sets']}
        assert by_id[first]['keep'] and 'locked' in by_id[first]['reason']
        assert by_id[first]['locked_until'] == said['locked']['first']
        assert said['locked']['first'][:19] == stamp(until)[:19]
        assert 'locked_until' not in by_id[second]
        assert locked.names('sets/') + locked.names('packs/') == names
    text = locked.run('dbb-backup', 'prune', code=DONE,
                      env={'DBB_RETENTION_KEEP_LAST': '1'})
    assert f'locked in the store until {stamp(until)[:19]}' in text.out, text
    assert 'as the store has locked it: 1 set' in text.err, text
    locked.run('dbb-backup', 'verify', '--read-data', code=DONE)


def test_prune_leaves_locked_packs_and_says_until_when(governed, server,
                                                       drops):
    """Sets may have gone before their packs: these wait for the lock's
    end, and the index does not grow meanwhile."""
    site = governed
    drops.append('locking')
    server.copy('app', 'locking')
    site.database = 'locking'
    site.set(object_lock='none', object_lock_days=None)
    site.backup()
    site.set(object_lock='governance', object_lock_days=1)
    server.psql("UPDATE library.documents SET body = md5(body) || body",
                database='locking')
    site.backup()
    server.psql("DELETE FROM library.documents", database='locking')
    last = site.backup()['set']
    locked = [n for n in site.names('packs/') if site.retention(n)]
    for name in site.names('sets/'):        # as if its lock were over
        if last not in name:
            site.unlock(name)
    assert site.prune()['removed'] == 2
    site.let_the_grace_end()
    said = site.prune('--dry-run')
    assert said['locked']['packs'] > 0 and said['locked']['sets'] == 0
    done = site.prune()
    assert done['locked'] == said['locked']
    assert done['deleted']['packs'] == said['deleted']['packs']
    assert set(locked) <= set(site.names('packs/'))
    assert done['delete_last'] == done['locked']['last']
    time.sleep(2.1)
    segments = site.names('index/')
    for _ in range(3):
        assert site.prune()['deleted']['packs'] == 0
        time.sleep(2.1)
    assert site.names('index/') == segments
    site.run('dbb-backup', 'verify', '--read-data', code=DONE)
    for name in site.names('packs/') + site.names('index/'):
        site.unlock(name)
    done = site.prune()
    assert done['deleted']['packs'] == said['locked']['packs']
    assert done['locked']['packs'] == 0
    assert not set(site.names('packs/')) >= set(locked)
    assert len(site.names('index/')) < len(segments)
    site.run('dbb-backup', 'verify', '--read-data', code=DONE)
