# SPDX-License-Identifier: BSD-2-Clause
"""Certificates for a server on 127.0.0.1: a good one and those that a client
must refuse. Made by openssl."""

import os
import subprocess

GOOD, OTHER_NAME, EXPIRED, SELF_SIGNED = (
    'good', 'other-name', 'expired', 'self-signed')

CONFIG = """
[ca]
default_ca = here
[here]
dir = {folder}
database = {folder}/index
new_certs_dir = {folder}
rand_serial = yes
default_md = sha256
policy = any
unique_subject = no
[any]
commonName = supplied
[authority]
basicConstraints = critical, CA:true
keyUsage = critical, keyCertSign
[server]
basicConstraints = CA:false
subjectAltName = {names}
"""
HERE = 'IP:127.0.0.1, DNS:localhost'


def openssl(folder, *args):
    """Run openssl; its words are in the failure."""
    done = subprocess.run(['openssl', *args], cwd=folder, check=False,
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def make(folder, kind=GOOD):
    """Make public.crt and private.key, as MinIO calls them, in a folder, and
    ca.pem, the authority to be told of; returns the path of that."""
    os.makedirs(folder, exist_ok=True)
    names = 'DNS:other.example' if kind == OTHER_NAME else HERE
    with open(f'{folder}/conf', 'w', encoding='utf-8') as file:
        file.write(CONFIG.format(folder=folder, names=names))
    open(f'{folder}/index', 'w', encoding='utf-8').close()
    new_key = ('req', '-newkey', 'ec', '-pkeyopt',
               'ec_paramgen_curve:prime256v1', '-nodes', '-config', 'conf')
    openssl(folder, *new_key, '-x509', '-subj', '/CN=tests authority',
            '-extensions', 'authority', '-keyout', 'ca.key', '-out', 'ca.pem',
            '-days', '3650')
    if kind == SELF_SIGNED:
        openssl(folder, *new_key, '-x509', '-subj', '/CN=127.0.0.1',
                '-extensions', 'server', '-keyout', 'private.key', '-out',
                'public.crt', '-days', '3650')
        return f'{folder}/ca.pem'
    end = '20200101000000Z' if kind == EXPIRED else '20491231000000Z'
    openssl(folder, *new_key, '-subj', '/CN=127.0.0.1', '-keyout',
            'private.key', '-out', 'request')
    openssl(folder, 'ca', '-batch', '-config', 'conf', '-extensions',
            'server', '-in', 'request', '-out', 'public.crt', '-cert',
            'ca.pem', '-keyfile', 'ca.key', '-notext', '-startdate',
            '20190101000000Z', '-enddate', end)
    return f'{folder}/ca.pem'
