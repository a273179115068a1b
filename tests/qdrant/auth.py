# SPDX-License-Identifier: BSD-2-Clause
"""Keys and tokens, and what they may do."""

import base64
import binascii
import hashlib
import hmac
import json
import time

from .envelope import Refusal

LEEWAY = 30     # seconds that a token is taken after its end


def bare(status, words):
    """Refusals of the key check have no content type."""
    return Refusal(status, words, 'bare')


class Access:
    """What the bearer of a key may do: everything at one level ('r', 'm'),
    or some collections, each at 'r', 'rw' or 'prw'."""

    def __init__(self, level=None, collections=()):
        self.level = level
        self.collections = {it['collection']: it['access']
                            for it in collections}

    def manage(self, form='json'):
        """Only those who may do all."""
        if self.level is None:
            raise Refusal(403, 'Forbidden: Global access is required', form)
        if self.level != 'm':
            raise Refusal(
                403, 'Forbidden: Global manage access is required', form)

    def anything(self):
        """Those whose right is not for single collections."""
        if self.level is None:
            raise Refusal(403, 'Forbidden: Global access is required')

    def read(self, name, whole=False, form='json'):
        """Read a collection; `whole`: more than its points."""
        if self.level is not None:
            return
        right = self.collections.get(name)
        if right is None:
            raise Refusal(403, 'Forbidden: Access to collection '
                               f'{name} is required', form)
        if whole and right == 'prw':
            raise Refusal(403, 'Forbidden: Only points access is allowed for '
                               f'collection {name}', form)

    def write(self, name, whole=False, form='json'):
        """Write to a collection; `whole`: more than its points."""
        if self.level is not None:
            self.manage(form)
            return
        self.read(name, whole, form)
        if self.collections[name] == 'r':
            raise Refusal(403, 'Forbidden: Write access to collection '
                               f'{name} is required', form)

    def sees(self, name):
        """Is the collection shown to it in lists?"""
        return self.level is not None or name in self.collections


def _decode(part):
    return base64.urlsafe_b64decode(part + '=' * (-len(part) % 4))


def _claims(token, secret):
    """The claims of a token that is signed with `secret`."""
    head, claims, signature = token.split('.')
    right = hmac.new(secret.encode(), f'{head}.{claims}'.encode(),
                     hashlib.sha256).digest()
    if not hmac.compare_digest(right, _decode(signature)):
        raise bare(403, 'InvalidSignature')
    claims = json.loads(_decode(claims))
    if claims.get('exp', time.time()) + LEEWAY < time.time():
        raise bare(403, 'ExpiredSignature')
    return claims


def _token(key, secret):
    try:
        access = _claims(key, secret).get('access', 'm')
    except (ValueError, binascii.Error):
        raise bare(401, 'Invalid API key or JWT') from None
    if isinstance(access, str):
        return Access(access)
    return Access(None, access)


def make_token(secret, **claims):
    """A token as a client would be given: access='r', exp=..."""
    def part(value):
        return base64.urlsafe_b64encode(value).rstrip(b'=').decode()
    signed = '.'.join(part(json.dumps(it).encode()) for it in (
        {'alg': 'HS256', 'typ': 'JWT'}, claims))
    return signed + '.' + part(hmac.new(
        secret.encode(), signed.encode(), hashlib.sha256).digest())


def check(headers, keys):
    """The access of a request; `keys`: api_key, read_only_api_key."""
    if not keys.get('api_key'):
        return Access('m')
    key = headers.get('api-key')
    if key is None:
        scheme, _, bearer = headers.get('authorization', '').partition(' ')
        key = bearer if scheme.lower() == 'bearer' else None
    if key is None:
        raise bare(401, 'Must provide an API key or an Authorization bearer'
                        ' token')
    if key == keys['api_key']:
        return Access('m')
    if key == keys.get('read_only_api_key'):
        return Access('r')
    return _token(key, keys['api_key'])
