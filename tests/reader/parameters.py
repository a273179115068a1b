# SPDX-License-Identifier: BSD-2-Clause
"""repository.json and keys/: what kind of repository it is, and opening it."""

import hashlib
import json
import re

from ciphers import Open, Sealed, open_gcm, public_of
from errors import (Damaged, Incompatible, NoRepository, NotFound, WrongKey,
                    reading, require)
from fields import is_hex, sha256

FORMAT = 1
KEY_NAME = re.compile(r'(?!\.)[A-Za-z0-9_.-]{1,64}')
KEYS, KEY_BYTES, PARAMETER_BYTES = 256, 16384, 1 << 20


def parse(text):
    """A JSON document that is an object."""
    try:
        found = json.loads(text.decode())
    except (ValueError, RecursionError):
        raise Damaged('it is not JSON') from None
    require(isinstance(found, dict), 'it is no JSON object')
    return found


def member(document, *path, kind=str):
    """What stands at a path of names; damaged where it is something else."""
    found = document
    for name in path:
        require(isinstance(found, dict) and name in found,
                f"'{'.'.join(path)}' is missing")
        found = found[name]
    require(isinstance(found, kind) and not isinstance(found, bool),
            f"'{'.'.join(path)}' is of another type")
    return found


def is_power_of_two(number):
    """Whether it is 1, 2, 4, …"""
    return number > 0 and number & (number - 1) == 0


def check_format(document):
    """This version's, or an incompatible one."""
    found = member(document, 'format', kind=int)
    if found > FORMAT:
        raise Incompatible(f'format {found} is newer than this reader')
    require(found == FORMAT, f'there is no format {found}')


def expect(found, known):
    """An algorithm that this version knows."""
    if found not in known:
        raise Incompatible(f"'{found}' is not known")


def identify(it):
    """The id of a repository with these parameters."""
    def number(*path):
        return str(member(it, *path, kind=int))
    cipher = [it['cipher']] + \
        ([it['public_key']] if it['cipher'] != 'none' else [])
    text = ' '.join(
        ['gear64', member(it, 'chunker', 'seed'),
         number('chunker', 'min_bytes'), number('chunker', 'average_bytes'),
         number('chunker', 'max_bytes'), *cipher, number('grace_s'),
         member(it, 'created_at')])
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def check_bounds(it):
    """The numbers are ones that a repository may have."""
    least, average, most = (member(it, 'chunker', name, kind=int) for name in
                            ('min_bytes', 'average_bytes', 'max_bytes'))
    require(64 <= least <= average <= most <= 16 * average and
            is_power_of_two(average) and 1024 <= average <= 32768,
            'sizes of pieces out of bounds')
    require(is_hex(member(it, 'chunker', 'seed'), 64), 'its seed is no seed')
    require(1 <= member(it, 'grace_s', kind=int) <= 31622400,
            'grace_s out of bounds')


def read_parameters(store):
    """repository.json, checked."""
    with reading('repository.json'):
        try:
            it = parse(store.read('repository.json', PARAMETER_BYTES))
        except NotFound:
            raise NoRepository('there is none: this is no repository') \
                from None
        check_format(it)
        expect(member(it, 'chunker', 'algorithm'), ('gear64',))
        expect(member(it, 'compression', 'algorithm'), ('zstd',))
        expect(member(it, 'cipher'), ('none', 'aes-256-gcm'))
        if it['cipher'] != 'none':
            require(is_hex(member(it, 'public_key'), 64),
                    'its public key is no key')
        check_bounds(it)
        require(member(it, 'id') == identify(it),
                'its id is not that of its parameters')
    return it


def stretch(key, passphrase):
    """The key that scrypt makes of a passphrase, within bounds."""
    n, r, p = (member(key, 'kdf', name, kind=int) for name in 'nrp')
    require(is_power_of_two(n) and 2 <= n <= 1 << 20 and 1 <= r <= 16 and
            1 <= p <= 4 and 128 * n * r <= 1 << 28, 'scrypt out of bounds')
    salt = member(key, 'kdf', 'salt')
    require(is_hex(salt, 64), 'its salt is no salt')
    return hashlib.scrypt(passphrase, salt=bytes.fromhex(salt), n=n, r=r, p=p,
                          maxmem=128 * r * (n + p + 2) + (1 << 20), dklen=32)


def described(key):
    """The text that its digest and its tag cover, beside the sealed."""
    kdf = member(key, 'kdf', kind=dict)
    return ' '.join(
        [str(member(key, 'format', kind=int)), member(key, 'kind'),
         member(key, 'created_at'), member(key, 'repository'),
         member(kdf, 'algorithm'), *(str(member(kdf, name, kind=int))
                                     for name in 'nrp'),
         member(kdf, 'salt')]).encode()


def open_key(text, repository, passphrase):
    """W and S from a key object."""
    key = parse(text)
    check_format(key)
    about = described(key)
    nonce, sealed = member(key, 'nonce'), member(key, 'sealed')
    whole = b' '.join([about, nonce.encode(), sealed.encode()])
    require(member(key, 'sha256') == sha256(whole).hex(),
            'its digest does not fit')
    expect(key['kind'], ('full',))
    expect(key['kdf']['algorithm'], ('scrypt',))
    require(is_hex(nonce, 24) and is_hex(sealed, 160),
            'what it seals has another length')
    require(key['repository'] == repository['id'],
            'it is the key of another repository')
    try:
        opened = open_gcm(stretch(key, passphrase), bytes.fromhex(nonce),
                          about, bytes.fromhex(sealed))
    except Damaged:
        raise WrongKey('the passphrase does not open it') from None
    require(public_of(opened[32:]).hex() == repository['public_key'],
            'its public key is not that of repository.json: one of them was '
            'changed')
    return Sealed(opened[:32], opened[32:])


def unlock(store, repository, passphrase):
    """The cipher of a repository; sealed ones need a passphrase."""
    if repository['cipher'] == 'none':
        return Open()
    if passphrase is None:
        raise WrongKey('the repository is sealed: give a passphrase with '
                       '$DBB_PASSWORD or --password-file')
    names = [n for n in store.names('keys') if KEY_NAME.fullmatch(n)]
    require(len(names) <= KEYS, f'there are {len(names)} keys')
    failures = []
    for name in names:
        try:
            with reading(f'keys/{name}'):
                return open_key(store.read(f'keys/{name}', KEY_BYTES),
                                repository, passphrase)
        except (Damaged, Incompatible, WrongKey) as error:
            failures.append(error)
    for kind in (WrongKey, Damaged, Incompatible):
        if any(isinstance(error, kind) for error in failures):
            raise kind('; '.join(map(str, failures)))
    raise NotFound('keys: there are none')
