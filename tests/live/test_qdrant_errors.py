# SPDX-License-Identifier: BSD-2-Clause
"""What goes wrong at a Qdrant: one message and a hint for each, no set, and
nothing left on the server."""

import http.server
import threading

import pytest

from programs import DONE, FAILED, FINDINGS, USAGE
from qdrant_site import QdrantSite

SNAPSHOTS = '*/books/snapshots'
FILE = '*/books/snapshots/*.snapshot'


@pytest.fixture
def site(tmp_path, qdrant_session, built):
    """An installation with a repository, and the collection 'books'."""
    qdrant_session.clear_faults()
    for name in qdrant_session.names():
        qdrant_session.drop(name)
    qdrant_session.make('books', 2000)
    it = QdrantSite(tmp_path, qdrant_session)
    it.init()
    yield it
    qdrant_session.clear_faults()
    qdrant_session.behave(recovery_mode=False)


FAULTS = {
    'wrong key': (
        {'what': 'answer', 'path': '/collections', 'status': 401},
        'DBB_EAUTH', 'answered 401: Invalid API key', 'service.api_key'),
    'expired token': (
        {'what': 'answer', 'path': '/collections', 'status': 403,
         'body': 'ExpiredSignature'},
        'DBB_EACCESS', 'ExpiredSignature', 'the token has expired'),
    'no right to take snapshots': (
        {'what': 'answer', 'method': 'POST', 'path': SNAPSHOTS,
         'status': 403},
        'DBB_EACCESS', 'Global manage access', "right 'rw' on the collection"),
    'a collection gone in between': (
        {'what': 'answer', 'method': 'POST', 'path': SNAPSHOTS,
         'status': 404, 'words': "Not found: Collection `books` doesn't "
                                 'exist!'},
        'DBB_ENOTFOUND', "Collection `books` doesn't exist", 'run the backup'),
    'full disk': (
        {'what': 'full_disk', 'path': SNAPSHOTS, 'method': 'POST'},
        'DBB_ESOURCE', 'answered 500: ', 'free space on the server'),
    'another failure': (
        {'what': 'answer', 'method': 'POST', 'path': SNAPSHOTS,
         'status': 500},
        'DBB_ESOURCE', 'something broke', "server's own log"),
    'too many questions': (
        {'what': 'answer', 'path': '*/points/count', 'status': 429,
         'times': 0},
        'DBB_ESOURCE', 'answered 429', 'read_rate_limit'),
    'strict mode': (
        {'what': 'answer', 'path': '*/points/scroll', 'status': 400,
         'words': 'Bad request: Limit exceeded 4 > 1 for "limit". Help: '
                  'Reduce the "limit" parameter to or below 1.'},
        'DBB_ESOURCE', 'Limit exceeded 4 > 1', 'strict_mode_config'),
    'vanished': (
        {'what': 'vanish', 'path': SNAPSHOTS, 'method': 'POST'},
        'DBB_ESOURCE', 'is not there any more', 'somebody deleted'),
    'replaced': (
        {'what': 'replace', 'path': SNAPSHOTS, 'method': 'POST'},
        'DBB_ESOURCE', 'was replaced by another one of the same name',
        'within a second have one name'),
    'damaged on the way': (
        {'what': 'flip', 'path': FILE, 'method': 'GET', 'offset': 5000},
        'DBB_ESOURCE', 'came damaged', "the server's disk or the network"),
    'a wrong sum from the server': (
        {'what': 'wrong_checksum', 'path': SNAPSHOTS, 'method': 'POST'},
        'DBB_ESOURCE', 'has SHA-256', 'run'),
    'a redirect': (
        {'what': 'answer', 'path': '/collections', 'status': 307,
         'headers': [['location', 'http://elsewhere:1/x?key=s3cret']],
         'body': ''},
        'DBB_ECONNECT', "a redirect to 'http://elsewhere:1/x'",
        'set it as url'),
    'a proxy without its server': (
        {'what': 'answer', 'path': '/collections', 'status': 502,
         'body': '<html>Bad Gateway</html>', 'times': 0},
        'DBB_ECONNECT', 'answered 502', 'a proxy before the server'),
    'another kind of answer': (
        {'what': 'answer', 'path': '/collections', 'status': 200,
         'body': '<html>Welcome</html>'},
        'DBB_ECONNECT', 'no Qdrant', 'REST address'),
    'an answer without end': (
        {'what': 'huge_body', 'path': '/collections'},
        'DBB_EUNSUPPORTED', 'longer than', 'no Qdrant answers'),
    'headers without end': (
        {'what': 'endless_headers', 'path': '/collections'},
        'DBB_EUNSUPPORTED', 'header', 'no Qdrant answers'),
}


@pytest.mark.parametrize('name', FAULTS)
def test_a_fault_gives_one_message_and_a_hint(site, name):
    where, code, words, hint = FAULTS[name]
    where = dict(where)
    what = where.pop('what')
    site.qdrant.fault(what, **where)
    error = site.refused(code=None)
    assert error['code'] == code, error
    assert words in error['message'], error
    assert hint in error['hint'], error
    assert site.qdrant.KEY not in str(error) and 's3cret' not in str(error)
    assert error['message'].count("qdrant 'main'") == 1
    assert [it for it in site.qdrant.snapshot_files()
            if it.startswith('books/') and it.endswith('.snapshot')] == []


def test_a_server_that_is_away(site):
    site.use(url='http://127.0.0.1:9')
    error = site.refused()
    assert error['code'] == 'DBB_ECONNECT', error
    assert '127.0.0.1:9' in error['message']
    assert 'check that the server runs' in error['hint']


def test_a_key_that_is_wrong_or_missing(site):
    site.use(api_key_file=site.secret('other', 'wrong-s3cret'))
    error = site.refused()
    assert error['code'] == 'DBB_EAUTH' and 's3cret' not in str(error)
    assert 'gives the key' in error['hint'], error
    site.use(api_key_file=None)
    error = site.refused()
    assert error['code'] == 'DBB_EAUTH'
    assert 'set api-key-file' in error['hint'], error


def test_tls_is_verified(site):
    site.use(url=site.qdrant.url().replace('http:', 'https:'))
    error = site.refused()
    assert error['code'] == 'DBB_ECONNECT', error
    assert 'TLS' in error['hint'], error


def test_another_web_server(site):
    class Handler(http.server.BaseHTTPRequestHandler):
        """Says hello to everybody."""

        def do_GET(self):
            """A page."""
            self.send_response(200)
            self.send_header('content-length', '5')
            self.end_headers()
            self.wfile.write(b'hello')

        def log_message(self, *_args):
            """Nothing to tell."""

    other = http.server.HTTPServer(('127.0.0.1', 0), Handler)
    threading.Thread(target=other.serve_forever, args=(0.05,),
                     daemon=True).start()
    try:
        site.use(url=f'http://127.0.0.1:{other.server_address[1]}')
        error = site.refused()
    finally:
        other.shutdown()
        other.server_close()
    assert error['code'] == 'DBB_ECONNECT' and 'no Qdrant' in \
        error['message'], error


def test_a_right_to_read_is_too_little(site):
    site.use(api_key_file=site.secret('token', site.qdrant.token(
        access=[{'collection': 'books', 'access': 'r'}])))
    error = site.refused()
    assert error['code'] == 'DBB_EACCESS', error
    assert "'rw' on the collection" in error['hint']


def test_the_right_to_write_one_collection_is_enough(site):
    site.qdrant.make('others', 1)
    site.use(api_key_file=site.secret('token', site.qdrant.token(
        access=[{'collection': 'books', 'access': 'rw'}])))
    site.backup()
    assert [it['name'] for it in site.facts()['collections']] == ['books']
    assert site.facts()['cluster'] == {'status': 'unknown'}


def test_a_collection_that_is_named_must_be_there(site):
    site.use(collections='books, novels')
    error = site.refused()
    assert error['code'] == 'DBB_ENOTFOUND'
    assert "there is no collection 'novels'" in error['message']
    site.qdrant.alias('novels', 'books')
    error = site.refused()
    assert "'novels' is an alias: back up the collection 'books'" in \
        error['hint']
    site.use(collections='nothing*')
    assert 'is wanted' in site.refused()['message']
    site.qdrant.drop('books')
    site.use(collections='*')
    assert 'there is no collection on the server' in site.refused()['message']


def test_a_red_collection_is_refused_others_are_not(site):
    site.qdrant.colour('books', 'red', {'error': 'the optimizer died'})
    error = site.refused()
    assert 'it is red' in error['message'] and 'the optimizer died' in \
        error['message'], error
    assert "collection 'books'" in error['message']
    for colour in ('yellow', 'grey'):
        site.qdrant.colour('books', colour)
        site.backup()
        assert site.facts()['collections'][0]['status'] == colour
    site.qdrant.colour('books', None)


def test_recovery_mode_is_refused(site):
    site.qdrant.behave(recovery_mode=True)
    error = site.refused()
    assert 'recovery mode' in error['message'], error


def test_one_node_of_a_cluster_is_not_the_whole(tmp_path, new_qdrant, built):
    cluster = new_qdrant(nodes=2)
    cluster.ask('PUT', '/collections/books', {
        'vectors': {'size': 4, 'distance': 'Dot'}, 'shard_number': 2})
    site = QdrantSite(tmp_path, cluster)
    site.init()
    error = site.refused()
    assert error['code'] == 'DBB_EUNSUPPORTED', error
    assert 'one node of a cluster' in error['message']
    # Also where the key may not ask for the cluster.
    site.use(api_key_file=site.secret('token', cluster.token(
        access=[{'collection': 'books', 'access': 'rw'}])))
    assert 'one node of a cluster' in site.refused()['message']
    cluster.behave(consensus='it stopped')
    site.use(api_key_file=site.secret('key', cluster.KEY))
    assert 'consensus does not work' in site.refused()['message']


def test_a_snapshot_that_cannot_be_deleted_is_told(site):
    site.qdrant.fault('answer', method='DELETE', status=500, times=0)
    done = site.backup(code=FINDINGS)
    assert 'still on the server' in done['warnings'][0]
    site.qdrant.clear_faults()
    site.backup()
    assert site.qdrant.snapshots('books') == []


def test_the_configuration_is_checked(site):
    def check(code, **settings):
        site.use(**settings)
        return site.run('dbb-backup', '--json', 'config', 'check', code=code)
    check(DONE)
    for settings, words in (
            ({'url': 'qdrant:6333'}, 'neither http:// nor https://'),
            ({'url': 'http://u:s3cret@h'}, 'names a user'),
            ({'url': 'http://h?key=s3cret'}, "has a '?'"),
            ({'url': None}, 'nothing says where'),
            ({'url': 'http://a', 'urls': 'http://b'}, "both 'url'"),
            ({'urls': None, 'method': 'copy'}, "'method' is 'copy'"),
            ({'method': None, 'api-key-file': '/nowhere'}, 'api-key-file')):
        error = check(USAGE, **settings).error
        assert words in error['message'], error
        assert 's3cret' not in str(error)
    shown = site.run('dbb-backup', 'config', 'show', code=DONE).out
    assert 'collections' in shown and site.qdrant.KEY not in shown


def test_a_failed_source_does_not_hide_another(site, server):
    """A set of what went well is partial, and the call fails."""
    site.write_config({
        'repository': site.opening,
        'qdrant "good"': site.settings,
        'qdrant "bad"': {**site.settings, 'url': 'http://127.0.0.1:9'}})
    done = site.run('dbb-backup', '--json', 'run', code=FAILED)
    assert "qdrant 'bad'" in done.error['message']
    assert [it['status'] for it in site.sets()] == ['partial']
