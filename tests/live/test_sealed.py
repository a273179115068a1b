# SPDX-License-Identifier: BSD-2-Clause
"""A sealed repository: nothing of it can be read without a passphrase, and
with the write-only key nothing can be read back."""

import os

import pytest

import compare
from programs import (DAMAGED, DONE, FAILED, FINDINGS, USAGE, VERSION,
                      WRONG_KEY)

PASSPHRASE = 'correct horse battery staple'
# Of the sample database's dump, where they stand as they are, and a label.
PLAIN = (b'CREATE TABLE', b'documents', b'a-label')


class Owner:
    """Who has a passphrase, in a file beside the configuration."""

    def __init__(self, site, server, databases=('app',), **repository):
        self.site, self.server, self.databases = site, server, databases
        self.repository = repository
        self.file = os.path.join(site.folder, 'passphrase')
        site.write_secret(self.file, PASSPHRASE)
        self.use(password_file=self.file)

    def use(self, **opening):
        """Open the repository with that from now on."""
        keys = {**self.repository, **opening}
        self.site.opening = {k.replace('_', '-'): v for k, v in keys.items()}
        self.site.configure(self.server, self.databases)

    def hand_over(self):
        """From now on this is a machine that has the write-only key alone."""
        key = os.path.join(self.site.folder, 'writer.key')
        self.site.run('dbb-backup', 'key', 'export', '--write-only', key,
                      code=DONE)
        self.use(key_file=key)


@pytest.fixture
def owner(site, server, sample):
    """The owner of a sealed repository of 'app', made and empty."""
    it = Owner(site, server)
    assert site.init()['repository']['sealed'] is True
    return it


def dump_of(shown):
    """The name of the stream with the dump."""
    return next(s['name'] for source in shown['sources']
                for s in source['streams'] if s['kind'] == 'pg_dump')


def stored(site):
    """All bytes of all objects but the parameters and keys."""
    return b''.join(open(path, 'rb').read()
                    for below in ('packs', 'index', 'sets')
                    for path in site.objects(below))


def test_a_sealed_repository_does_all_that_an_open_one_does(
        owner, site, server, drops):
    drops.append('unsealed')
    made = site.backup()
    first = site.stored_bytes()
    again = site.backup()
    assert site.stored_bytes() - first < first / 10
    assert [s['set'] for s in site.sets()] == [made['set'], again['set']]
    site.run('dbb-backup', 'verify', '--read-data', code=DONE)
    site.restore('latest', '--into', 'unsealed')
    compare.assert_same(server, 'app', server, 'unsealed')
    site.run('dbb-restore', 'export', made['set'], 'out', code=DONE)
    assert os.path.exists(os.path.join(site.folder, 'out', 'SHA256SUMS'))


@pytest.mark.parametrize('sealed', [True, False], ids=['sealed', 'open'])
def test_nothing_plain_is_in_the_store(site, server, sample, sealed):
    if sealed:
        Owner(site, server, compression='0')
    else:
        site.opening = {'compression': '0'}
        site.configure(server)
    site.init()
    site.backup('--label', 'reason=a-label')
    found = [word for word in PLAIN if word in stored(site)]
    assert found == ([] if sealed else list(PLAIN))


def test_what_is_wrong_has_a_message_and_a_code_of_its_own(owner, site):
    site.backup()
    key = os.path.join(site.repository, 'keys', 'default')
    with open(key, encoding='ascii') as file:
        whole = file.read()
    wrong = os.path.join(site.folder, 'wrong')
    site.write_secret(wrong, 'battery staple')
    said = []

    def refused(code):
        done = site.run('dbb-backup', '--json', 'list', code=code)
        assert done.error['hint'], done
        assert PASSPHRASE not in done.out + done.err
        said.append(done.error['message'])

    def put(text):
        with open(key, 'w', encoding='ascii') as file:
            file.write(text)

    put(whole.replace('"sealed":"', '"sealed":"0'))
    refused(DAMAGED)
    put(whole.replace('"format":1', '"format":2'))
    refused(VERSION)
    os.unlink(key)
    refused(FAILED)
    put(whole)
    owner.use(password_file=wrong)
    refused(WRONG_KEY)
    owner.use()
    refused(USAGE)
    assert len(set(said)) == 5, said
    owner.use(password_file=owner.file)
    assert len(site.sets()) == 1


def test_a_change_of_passphrase_rewrites_no_data(owner, site, server, drops):
    drops.append('rekeyed')
    site.backup()
    new = os.path.join(site.folder, 'new')
    site.write_secret(new, 'another one')
    before = {path: os.stat(path).st_mtime_ns for path in site.objects('')
              if '/keys/' not in path}
    site.run('dbb-backup', 'key', 'add', 'new', '--new-password-file', new,
             code=DONE)
    site.run('dbb-backup', 'key', 'remove', 'default', code=DONE)
    assert before == {path: os.stat(path).st_mtime_ns
                      for path in site.objects('') if '/keys/' not in path}
    site.run('dbb-backup', 'list', code=WRONG_KEY)
    owner.use(password_file=new)
    site.restore('latest', '--into', 'rekeyed')
    compare.assert_same(server, 'app', server, 'rekeyed')


def test_the_write_only_key_backs_up_and_deduplicates(
        site, server, medium, drops):
    drops.append('from_writer')
    owner = Owner(site, server, (medium,))
    site.init()
    owner.hand_over()
    site.backup()
    first = site.stored_bytes()
    site.backup()
    grown = site.stored_bytes() - first
    print(f'first {first}, second {grown} bytes')
    assert grown < first / 100
    assert len(site.sets()) == 2
    site.run('dbb-backup', 'verify', code=DONE)
    owner.use(password_file=owner.file)
    site.run('dbb-backup', 'verify', '--read-data', code=DONE)
    site.restore('latest', '--into', 'from_writer')
    compare.assert_same(server, medium, server, 'from_writer')


def test_the_write_only_key_reads_nothing_back(owner, site, server, drops):
    """Every way there is to read."""
    drops.append('never')
    made = site.backup()
    shown = site.run('dbb-backup', '--json', 'show', 'latest',
                     code=DONE).result
    stream = dump_of(shown)
    owner.hand_over()
    databases = server.databases()
    for name, *args in (
            ('dbb-backup', 'show', made['set']),
            ('dbb-backup', 'show', 'latest'),
            ('dbb-restore', 'cat', made['set'], 'main', stream),
            ('dbb-restore', 'cat', 'latest', 'main', 'globals.sql'),
            ('dbb-restore', 'export', made['set'], 'out'),
            ('dbb-restore', 'run', made['set'], '--into', 'never', '--yes'),
            ('dbb-restore', 'run', 'latest', '--replace', '--yes'),
            ('dbb-backup', 'verify', '--read-data')):
        done = site.run(name, *args)
        if 'verify' in args:    # it checks what is sealed, as it lies there
            assert done.code == DONE, done
        else:
            assert done.code == WRONG_KEY, done
            assert 'write-only key' in done.err
        assert not [word for word in PLAIN[:2] if word in done.raw], done
    assert server.databases() == databases
    out = os.path.join(site.folder, 'out')
    assert not os.path.exists(out) or not os.listdir(out)


def test_a_writer_needs_nothing_that_opens_contents(
        owner, site):
    site.backup()
    owner.hand_over()
    os.unlink(owner.file)
    os.unlink(os.path.join(site.repository, 'keys', 'default'))
    site.backup()
    assert len(site.sets()) == 2


def test_the_list_of_keys_tells_of_one_that_is_damaged(owner, site):
    with open(os.path.join(site.repository, 'keys', 'broken'), 'w',
              encoding='ascii') as file:
        file.write('{}')
    done = site.run('dbb-backup', '--json', 'key', 'list', code=FINDINGS)
    assert [k['name'] for k in done.result['keys']] == ['default']
    assert [k['name'] for k in done.result['damaged']] == ['broken']
