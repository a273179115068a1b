# SPDX-License-Identifier: BSD-2-Clause
"""The secret key of a store is in no child's command line or environment, in
no message, no log and no result, whichever way it was given."""

import json
import os

import pytest

import test_secrets
from minio_server import ROOT
from programs import DONE
from s3_site import S3Site


def in_key(site):
    """'secret-key' in the configuration."""
    site.use(secret_key_file=None, secret_key=ROOT.secret)
    return {}


def in_file(_site):
    """The file that 'secret-key-file' names."""
    return {}


def in_command(site):
    """What 'secret-key-command' prints."""
    site.use(secret_key_command=f'cat {site.opening["secret-key-file"]}',
             secret_key_file=None)
    return {}


def in_minio_variables(site):
    """As containers have them."""
    site.use(access_key=None, secret_key_file=None)
    return {'MINIO_ACCESS_KEY': ROOT.access, 'MINIO_SECRET_KEY': ROOT.secret}


def in_aws_variables(site):
    """As the tools of AWS have them."""
    site.use(access_key=None, secret_key_file=None)
    return {'AWS_ACCESS_KEY_ID': ROOT.access,
            'AWS_SECRET_ACCESS_KEY': ROOT.secret}


def in_credential_process(site):
    """What the command of a profile prints."""
    site.use(access_key=None, secret_key_file=None)
    keys = site.secret('keys', json.dumps({
        'Version': 1, 'AccessKeyId': ROOT.access,
        'SecretAccessKey': ROOT.secret}))
    profiles = os.path.join(site.folder, 'aws')
    with open(profiles, 'w', encoding='utf-8') as file:
        file.write(f'[default]\ncredential_process = cat {keys}\n')
    return {'AWS_CONFIG_FILE': profiles,
            'AWS_SHARED_CREDENTIALS_FILE': os.path.join(site.folder, 'none')}


WAYS = [in_key, in_file, in_command, in_minio_variables, in_aws_variables,
        in_credential_process]


@pytest.fixture
def looked_for(monkeypatch):
    """The secret key is what is looked for."""
    monkeypatch.setattr(test_secrets, 'FORMS', {ROOT.secret})


@pytest.mark.parametrize('way', WAYS, ids=lambda way: way.__name__)
def test_nothing_shows_the_secret_key(tmp_path, server, sample, minio, built,
                                      drops, looked_for, way):
    drops.append('secret_s3')
    site = S3Site(tmp_path, server, minio)
    env = way(site)
    tools = set()
    for name, *args in (('dbb-backup', '-v', '-v', 'init'),
                        ('dbb-backup', '-v', '-v', 'run'),
                        ('dbb-backup', '--json', 'run'),
                        ('dbb-backup', 'config', 'show'),
                        ('dbb-backup', '--json', 'config', 'show'),
                        ('dbb-restore', '-v', '-v', 'run', 'latest',
                         '--into', 'secret_s3', '--yes')):
        done, seen = test_secrets.watched(site, name, *args, env=env)
        assert done.code == DONE, done
        tools |= seen
    assert {'pg_dump', 'pg_restore'} <= tools, tools
