# SPDX-License-Identifier: BSD-2-Clause
"""What can be wrong with a bucket, its keys and its server: each has a
message that names it and a hint of its own."""

import shutil
import subprocess

import pytest

import s3_certificates
from conftest import missing, new_s3_server
from minio_server import ROOT, Server
from programs import DONE, FAILED, USAGE
from s3_client import Keys, policy
from s3_proxy import Answer, Proxy
from s3_site import S3Site

EVERYTHING = ['s3:GetObject', 's3:PutObject', 's3:DeleteObject',
              's3:AbortMultipartUpload']
EXPIRED = (b'<?xml version="1.0" encoding="UTF-8"?>\n<Error>'
           b'<Code>ExpiredToken</Code><Message>The provided token has '
           b'expired.</Message><RequestId>x</RequestId></Error>')
DISK_MB = 24


@pytest.fixture
def site(tmp_path, server, minio, sample, built):
    """A site with a repository that is made, and all rights."""
    it = S3Site(tmp_path, server, minio, retry_for='5')
    it.init()
    return it


def refused(site, *args, code=FAILED, **options):
    """Run it; (message, hint) of its failure. Neither tells a secret."""
    done = site.run('dbb-backup', '--json', *(args or ('list',)),
                    **options)
    assert done.code != DONE, done
    assert code is None or done.code == code, done
    said = done.error
    for text in (done.out, done.err):
        assert ROOT.secret not in text
    assert said['hint'], done
    return said['message'], said['hint']


# ---- keys ----

def test_a_key_that_is_not_known(site):
    site.use(Keys('nobody', ROOT.secret))
    message, hint = refused(site)
    assert 'InvalidAccessKeyId' in message
    assert "'access-key'" in hint


def test_a_secret_that_is_wrong(site):
    site.use(Keys(ROOT.access, 'guessed-it'))
    message, hint = refused(site)
    assert 'SignatureDoesNotMatch' in message
    assert "'secret-key'" in hint and 'guessed-it' not in message + hint


def test_a_token_that_has_expired(site, minio):
    """Said by the proxy: MinIO gives none for less than 15 minutes."""
    def expired(exchange):
        exchange.give(Answer(400, [], EXPIRED))
    proxy = Proxy(minio.url(), faults={'expired': expired}, rate=1)
    try:
        site.use(minio.client().assume(), endpoint=proxy.url)
        message, hint = refused(site)
        assert 'ExpiredToken' in message
        assert 'get new temporary keys' in hint
        assert len(proxy.seen) <= 3     # it is not asked again and again
    finally:
        proxy.close()


def test_a_token_of_other_keys(site, minio):
    ours, other = minio.client().assume(), minio.client().assume()
    site.use(Keys(ours.access, ours.secret, other.token))
    message, hint = refused(site)
    assert "'session-token'" in hint or "'access-key'" in hint, message


# ---- rights ----

def with_rights(site, actions, bucket_actions):
    """From now on with temporary keys that may do no more than that."""
    rules = [('Allow', ['s3:GetBucketLocation', *bucket_actions],
              ['backups'])]
    if actions:
        rules.append(('Allow', actions, ['backups/*']))
    site.use(site.s3.client().assume(policy(*rules)))


def test_no_right_to_write(site):
    with_rights(site, ['s3:GetObject'], ['s3:ListBucket'])
    message, hint = refused(site, 'run')
    assert 'AccessDenied' in message
    assert 's3:PutObject' in hint and site.prefix in hint


def test_no_right_to_list(site):
    with_rights(site, EVERYTHING, [])
    message, hint = refused(site, 'list')
    assert 'AccessDenied' in message
    assert 's3:ListBucket' in hint


def test_no_right_to_read(site):
    with_rights(site, ['s3:PutObject'], ['s3:ListBucket'])
    message, hint = refused(site, 'list')
    assert 'AccessDenied' in message
    assert 's3:GetObject' in hint


def test_no_right_to_delete(site):
    for _ in range(2):
        site.backup()
    with_rights(site, ['s3:GetObject', 's3:PutObject'], ['s3:ListBucket'])
    message, hint = refused(site, 'prune',
                            env={'DBB_RETENTION_KEEP_LAST': '1'})
    assert 'AccessDenied' in message
    assert 's3:DeleteObject' in hint
    site.use(ROOT)
    assert len(site.sets()) == 2


# ---- the place ----

def test_no_such_bucket(site):
    site.use(url='s3://not-there/x')
    message, hint = refused(site, code=None)
    assert 's3://not-there/' in message and 'no such bucket' in message
    assert 'dbb-backup init' in hint


def test_nobody_listens(site):
    from postgres_server import free_port
    port = free_port()
    site.use(endpoint=f'http://127.0.0.1:{port}', retry_for='2')
    message, hint = refused(site)
    assert f'127.0.0.1:{port}' in message or f'port {port}' in message
    assert 'check that the server runs' in hint


def test_another_region_is_found_out_and_said(tmp_path, server, sample,
                                              built):
    s3 = new_s3_server(Server, region='eu-far-1')
    try:
        site = S3Site(tmp_path, server, s3, region='eu-near-1')
        done = site.run('dbb-backup', '-v', 'init', code=DONE)
        assert 'eu-far-1' in done.err
        site.backup()
    finally:
        s3.close()


def test_a_clock_that_is_off_by_an_hour_is_found_out_and_said(site):
    if shutil.which('faketime') is None:
        missing('no faketime: install the package faketime')
    done = site.run('dbb-backup', '-v', 'run', code=DONE,
                    wrap=[shutil.which('faketime'), '-f', '-1h'])
    assert 'clock' in done.err
    assert len(site.sets()) == 1


# ---- certificates ----

TLS_HINTS = {s3_certificates.OTHER_NAME: 'use one of the names',
             s3_certificates.EXPIRED: 'the server needs a new certificate',
             s3_certificates.SELF_SIGNED: 'as ca-file'}


@pytest.mark.parametrize('kind', TLS_HINTS)
def test_a_certificate_that_is_not_good(tmp_path, server, sample, built,
                                        kind):
    s3 = new_s3_server(Server, tls=kind)
    try:
        site = S3Site(tmp_path, server, s3, ca_file=s3.ca_file,
                      retry_for='5')
        message, hint = refused(site, 'init')
        assert 'certificate' in message
        assert TLS_HINTS[kind] in hint
    finally:
        s3.close()


def test_an_authority_of_ones_own(tmp_path, server, sample, built):
    s3 = new_s3_server(Server, tls=s3_certificates.GOOD)
    try:
        site = S3Site(tmp_path, server, s3)
        _, hint = refused(site, 'init')
        assert 'as ca-file' in hint
        site.use(ca_file=s3.ca_file)
        site.init()
        site.backup()
        site.run('dbb-backup', 'verify', '--read-data', code=DONE)
        site.use(ca_file=str(tmp_path / 'not there'))
        _, hint = refused(site, code=None)
        assert 'ca-file' in hint
    finally:
        s3.close()


# ---- space ----

def test_a_quota_that_is_used_up(tmp_path, server, medium, built):
    s3 = new_s3_server(Server)
    try:
        site = S3Site(tmp_path, server, s3, (medium,), retry_for='5')
        site.init()
        s3.set_quota('backups', 1 << 20)
        message, hint = refused(site, 'run')
        assert 'Quota' in message
        assert 'quota' in hint
    finally:
        s3.close()


@pytest.fixture
def small_disk(tmp_path, as_root):
    """A folder on a disk of DISK_MB."""
    image, folder = tmp_path / 'image', tmp_path / 'disk'
    folder.mkdir()
    with open(image, 'wb') as file:
        file.truncate(DISK_MB << 20)
    for command in (['mkfs.ext4', '-q', '-m', '0', str(image)],
                    ['mount', '-o', 'loop', str(image), str(folder)]):
        done = subprocess.run(command, check=False, capture_output=True,
                              text=True)
        if done.returncode != 0:
            pytest.skip(f'no small disk here: {done.stderr.strip()}')
    yield str(folder)
    subprocess.run(['umount', '-l', str(folder)], check=True)


def test_a_disk_that_is_full(tmp_path, server, medium, built, small_disk):
    s3 = new_s3_server(Server, folder=f'{small_disk}/data')
    try:
        site = S3Site(tmp_path, server, s3, (medium,), retry_for='5')
        site.init()
        message, hint = refused(site, 'run')
        assert 'XMinioStorageFull' in message
        assert 'space on the server' in hint
    finally:
        s3.close()
