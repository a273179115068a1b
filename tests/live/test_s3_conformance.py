# SPDX-License-Identifier: BSD-2-Clause
"""The conformance suite of all stores (tests/unit/store_cases.c), against a
MinIO over TLS and against a cluster of four. Alone over http, and the Versity
gateway, are tests of `make check`."""

import os
import re
import subprocess

import pytest

import minio_server
from conftest import missing

PROGRAM = os.path.join(os.environ.get('TEST_BUILD', ''), 'tests', 'unit',
                       'test_store_versity')


@pytest.fixture(params=['tls', 'cluster'])
def server(request):
    """A MinIO of that kind."""
    kinds = {'tls': {'tls': 'good'}, 'cluster': {'nodes': 4}}
    found = minio_server.Server(**kinds[request.param])
    yield found
    found.close()


def test_every_case_holds(server):
    if not os.access(PROGRAM, os.X_OK):
        missing(f"no '{PROGRAM}': 'make check' builds it")
    env = dict(os.environ, TEST_S3_ENDPOINT=server.url(),
               AWS_ACCESS_KEY_ID=minio_server.ROOT.access,
               AWS_SECRET_ACCESS_KEY=minio_server.ROOT.secret)
    if server.ca_file:
        env['TEST_S3_CA_FILE'] = server.ca_file
    done = subprocess.run([PROGRAM], env=env, capture_output=True, text=True,
                          timeout=300, check=False)
    said = re.search(r'Checks: (\d+), Failures: 0, Errors: 0', done.stdout)
    assert done.returncode == 0 and said, done
    assert int(said.group(1)) > 50
