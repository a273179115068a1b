# SPDX-License-Identifier: BSD-2-Clause
"""What a server can be asked for with each object: encryption of its own,
tags, a storage class. On a MinIO that has keys, over TLS."""

import base64

import compare
import minio_server
import pytest
from programs import DONE
from s3_site import S3Site

KEY = base64.b64encode(bytes(range(32))).decode()
OTHER_KEY = base64.b64encode(bytes(32)).decode()


@pytest.fixture(scope='module')
def tls_minio():
    """A MinIO over TLS, which has a key to encrypt with."""
    found = minio_server.Server(tls='good')
    yield found
    found.close()


OPTIONS = {
    's3': ({'sse': 's3'}, {'x-amz-server-side-encryption': 'AES256'}),
    'kms': ({'sse': 'kms', 'sse_key_id': 'tests'},
            {'x-amz-server-side-encryption': 'aws:kms'}),
    'tags': ({'tags': 'owner=backup, kind=a b'}, {'x-amz-tagging-count': '2'}),
    'storage class': ({'storage_class': 'REDUCED_REDUNDANCY'},
                      {'x-amz-storage-class': 'REDUCED_REDUNDANCY'}),
}


def round_trip(site, server, sample, drops):
    """A set is made, found whole, and comes back."""
    drops.append('with_options')
    site.init()
    made = site.backup()
    site.run('dbb-backup', 'verify', '--read-data', code=DONE)
    site.restore(made['set'], '--into', 'with_options')
    compare.assert_same(server, sample, server, 'with_options')


@pytest.mark.parametrize('name', OPTIONS)
def test_objects_are_stored_as_asked(name, tmp_path, server, sample,
                                     tls_minio, built, drops):
    settings, headers = OPTIONS[name]
    site = S3Site(tmp_path, server, tls_minio, (sample,),
                  ca_file=tls_minio.ca_file, **settings)
    round_trip(site, server, sample, drops)
    client = tls_minio.client()
    keys = list(client.sizes('backups', site.prefix))
    assert len(keys) > 3
    for key in keys:
        told = client.head('backups', key)
        for header, value in headers.items():
            assert told[header] == value, (key, told.items())


def test_a_key_of_ones_own_opens_what_it_closed(tmp_path, server, sample,
                                                tls_minio, built, drops):
    site = S3Site(tmp_path, server, tls_minio, (sample,),
                  ca_file=tls_minio.ca_file, sse='c')
    site.use(sse_customer_key_file=site.secret('key', KEY))
    round_trip(site, server, sample, drops)
    site.use(sse_customer_key_file=site.secret('key', OTHER_KEY))
    done = site.run('dbb-backup', 'list')
    assert done.code == 1 and 'sse-customer-key' in done.err, done
