# SPDX-License-Identifier: BSD-2-Clause
"""A small S3 client of the tests' own, so that what the library says of a
server is not all there is. Standard library only."""

import datetime
import hashlib
import hmac
import http.client
import json
import ssl
import urllib.parse
import xml.etree.ElementTree

AWS = 'http://s3.amazonaws.com/doc/2006-03-01/'
STS = 'https://sts.amazonaws.com/doc/2011-06-15/'


class Refused(Exception):
    """The server answered with an error."""

    def __init__(self, status, body):
        self.status, self.body = status, body
        found = xml_text(body, 'Code')
        self.code = found[0] if found else ''
        super().__init__(f'{status} {self.code}: {body[:500]!r}')


class Keys:
    """Who asks: an access key, its secret, perhaps a session token."""

    def __init__(self, access, secret, token=None):
        self.access, self.secret, self.token = access, secret, token

    @property
    def env(self):
        """As programs take them from the environment."""
        return {'AWS_ACCESS_KEY_ID': self.access,
                'AWS_SECRET_ACCESS_KEY': self.secret,
                'AWS_SESSION_TOKEN': self.token}


def xml_text(body, tag):
    """Texts of all elements of that name, whatever their namespace."""
    try:
        root = xml.etree.ElementTree.fromstring(body)
    except xml.etree.ElementTree.ParseError:
        return []
    return [e.text or '' for e in root.iter()
            if e.tag.rpartition('}')[2] == tag]


def quote(text, safe='/'):
    """Percent-encoded as the signature wants it."""
    return urllib.parse.quote(text, safe=safe + '-_.~')


class Client:
    """Requests to one server, each on a connection of its own; what
    certificate it has is for others to look at."""

    def __init__(self, url, keys, region='us-east-1'):
        self.url, self.keys, self.region = url, keys, region

    def _connection(self):
        where = urllib.parse.urlsplit(self.url)
        if where.scheme == 'https':
            return http.client.HTTPSConnection(
                where.netloc, timeout=60,
                context=ssl._create_unverified_context())
        return http.client.HTTPConnection(where.netloc, timeout=60)

    def _sign(self, method, path, query, body, headers, service):
        now = datetime.datetime.now(datetime.timezone.utc)
        stamp = now.strftime('%Y%m%dT%H%M%SZ')
        scope = f'{stamp[:8]}/{self.region}/{service}/aws4_request'
        headers['host'] = urllib.parse.urlsplit(self.url).netloc
        headers['x-amz-date'] = stamp
        headers['x-amz-content-sha256'] = hashlib.sha256(body).hexdigest()
        if self.keys.token:
            headers['x-amz-security-token'] = self.keys.token
        names = sorted(headers)
        canonical = '\n'.join(
            [method, path, query,
             *(f'{name}:{headers[name]}' for name in names), '',
             ';'.join(names), headers['x-amz-content-sha256']])
        text = '\n'.join(['AWS4-HMAC-SHA256', stamp, scope,
                          hashlib.sha256(canonical.encode()).hexdigest()])
        key = ('AWS4' + self.keys.secret).encode()
        for part in scope.split('/'):
            key = hmac.digest(key, part.encode(), 'sha256')
        headers['authorization'] = (
            f'AWS4-HMAC-SHA256 Credential={self.keys.access}/{scope},'
            f'SignedHeaders={";".join(names)},'
            f'Signature={hmac.digest(key, text.encode(), "sha256").hex()}')

    def request(self, method, path, query=None, body=b'', headers=None,
                service='s3'):
        """Send one request; the answer's body, or Refused."""
        return self._exchange(method, path, query, body, headers,
                              service)[0]

    def _exchange(self, method, path, query=None, body=b'', headers=None,
                  service='s3'):
        """Send one request; body and headers of the answer."""
        path = quote(path)
        query = '&'.join(f'{quote(k, "")}={quote(v, "")}' for k, v in
                         sorted((query or {}).items()))
        headers = {k.lower(): v for k, v in (headers or {}).items()}
        self._sign(method, path, query, body, headers, service)
        connection = self._connection()
        try:
            connection.request(method, f'{path}?{query}' if query else path,
                               body, headers)
            answer = connection.getresponse()
            said = answer.read()
        finally:
            connection.close()
        if answer.status >= 300:
            raise Refused(answer.status, said)
        return said, answer.headers

    # ---- buckets and objects ----

    def make_bucket(self, bucket, lock=False):
        """Make a bucket, with object lock where asked."""
        headers = {'x-amz-bucket-object-lock-enabled': 'true'} if lock else {}
        self.request('PUT', f'/{bucket}', headers=headers)

    def put(self, bucket, key, body, **headers):
        """Write an object."""
        return self.request('PUT', f'/{bucket}/{key}', body=body,
                            headers=headers)

    def get(self, bucket, key):
        """An object's bytes."""
        return self.request('GET', f'/{bucket}/{key}')

    def head(self, bucket, key, **headers):
        """What the server says of an object, by header."""
        return self._exchange('HEAD', f'/{bucket}/{key}',
                              headers=headers)[1]

    def delete(self, bucket, key, version=None):
        """Delete an object, or one version of it."""
        query = {'versionId': version} if version else None
        self.request('DELETE', f'/{bucket}/{key}', query)

    def sizes(self, bucket, prefix=''):
        """key -> bytes of all objects."""
        found, token = {}, None
        while True:
            query = {'list-type': '2', 'prefix': prefix}
            if token:
                query['continuation-token'] = token
            page = self.request('GET', f'/{bucket}', query)
            found.update(zip(xml_text(page, 'Key'),
                             map(int, xml_text(page, 'Size'))))
            token = (xml_text(page, 'NextContinuationToken') or [None])[0]
            if not token:
                return found

    def uploads(self, bucket):
        """Keys of multipart uploads that are neither whole nor aborted."""
        return xml_text(self.request('GET', f'/{bucket}', {'uploads': ''}),
                        'Key')

    # ---- rights ----

    def assume(self, policy=None, seconds=900):
        """Temporary keys that may do what the policy says, no more."""
        form = {'Action': 'AssumeRole', 'Version': '2011-06-15',
                'DurationSeconds': str(seconds)}
        if policy is not None:
            form['Policy'] = json.dumps(policy)
        said = self.request(
            'POST', '/', body=urllib.parse.urlencode(form).encode(),
            headers={'Content-Type': 'application/x-www-form-urlencoded'},
            service='sts')
        return Keys(*(xml_text(said, tag)[0] for tag in
                      ('AccessKeyId', 'SecretAccessKey', 'SessionToken')))


def policy(*rules):
    """A policy of (effect, actions, resources) rules."""
    return {'Version': '2012-10-17', 'Statement': [
        {'Effect': effect, 'Action': list(actions),
         'Resource': [f'arn:aws:s3:::{name}' for name in resources]}
        for effect, actions, resources in rules]}
