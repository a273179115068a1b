# SPDX-License-Identifier: BSD-2-Clause
"""Connections are kept and used again: at most one more than 'concurrency',
however many objects go over them. Counted by a proxy."""

import ctypes
import os

import pytest

import programs
from conftest import missing
from programs import DONE
from s3_proxy import Proxy
from s3_site import S3Site

OBJECTS = 1000
CONCURRENCY = 4


@pytest.fixture
def proxy(minio):
    """A proxy that does nothing but count."""
    it = Proxy(minio.url())
    yield it
    it.close()


class Store:
    """The store alone, by the library's public calls."""

    def __init__(self, url, **settings):
        path = os.environ.get('DBBACKUP_LIBRARY') or os.path.join(
            programs.library_path(programs.program('dbb-backup')),
            'libdbbackup.so')
        if not os.path.exists(path):
            missing(f"no library of the build at '{path}'")
        self.library = ctypes.CDLL(path)
        self.library.dbb_error_message.restype = ctypes.c_char_p
        self.library.dbb_context_error.restype = ctypes.c_void_p
        self.context, self.store = ctypes.c_void_p(), ctypes.c_void_p()
        self._do('context_new', ctypes.byref(self.context))
        lines = [f'{name.replace("_", "-")}={value}'.encode()
                 for name, value in settings.items()]
        self._do('store_open_with', ctypes.byref(self.store), self.context,
                 url.encode(), 0,
                 (ctypes.c_char_p * (len(lines) + 1))(*lines, None))

    def _do(self, name, *args):
        rc = getattr(self.library, f'dbb_{name}')(*args)
        if rc != 0:
            error = ctypes.c_void_p(
                self.library.dbb_context_error(self.context))
            raise AssertionError(
                f'{name}: {rc} {self.library.dbb_error_message(error)}')

    def write(self, name, data):
        """Write an object."""
        self._do('store_write', self.store, name.encode(), data,
                 ctypes.c_size_t(len(data)), 0)

    def read(self, name, size):
        """Read up to so many bytes of an object."""
        buffer, got = ctypes.create_string_buffer(size), ctypes.c_size_t()
        self._do('store_read', ctypes.byref(got), self.store, name.encode(),
                 ctypes.c_uint64(0), buffer, ctypes.c_size_t(size))
        return buffer.raw[:got.value]

    def delete(self, name):
        """Delete an object."""
        self._do('store_delete', self.store, name.encode())

    def close(self):
        """Close it."""
        self.library.dbb_store_close(self.store)
        self.library.dbb_context_free(self.context)


def test_a_thousand_objects_share_a_few_connections(built, minio, proxy):
    keys = minio.client().keys
    store = Store('s3://backups/thousand', endpoint=proxy.url,
                  access_key=keys.access, secret_key=keys.secret,
                  concurrency=CONCURRENCY)
    try:
        for n in range(OBJECTS):
            store.write(f'o/{n}', b'%d' % n)
        for n in range(OBJECTS):
            assert store.read(f'o/{n}', 100) == b'%d' % n
        for n in range(OBJECTS):
            store.delete(f'o/{n}')
    finally:
        store.close()
    assert len(proxy.seen) >= 3 * OBJECTS
    print(f'{len(proxy.seen)} requests, {proxy.connections} connections')
    assert proxy.connections <= CONCURRENCY + 1
    assert not minio.client().sizes('backups', 'thousand/')


def test_each_program_has_a_few_connections(
        tmp_path, server, medium, minio, proxy, built):
    site = S3Site(tmp_path, server, minio, (medium,), part_size='5M',
                  concurrency=CONCURRENCY, endpoint=proxy.url)
    site.init()
    for args in (('dbb-backup', '--json', 'run'),
                 ('dbb-backup', 'verify', '--read-data')):
        before, requests = proxy.connections, len(proxy.seen)
        site.run(*args, code=DONE)
        made = proxy.connections - before
        print(f'{args}: {len(proxy.seen) - requests} requests, {made} made')
        assert 0 < made <= CONCURRENCY + 1
        assert len(proxy.seen) - requests > 2 * made
