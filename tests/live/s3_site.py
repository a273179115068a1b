# SPDX-License-Identifier: BSD-2-Clause
"""An installation whose repository is in a bucket."""

import os
import uuid

from programs import Site, is_sanitized, program

PASSPHRASE = 'correct horse battery staple'
MOST_KB = 128 * 1024    # of memory, at the peak of any program


class S3Site(Site):
    """One installation with a prefix of its own in the bucket 'backups' of a
    server. What it runs is measured: none may take more than MOST_KB.

    settings: keys of [repository], as keyword arguments; None leaves one out.
    """

    def __init__(self, folder, server, s3, databases=('app',), keys=None,
                 sealed=False, **settings):
        super().__init__(folder, server, databases)
        self.s3 = s3
        self.prefix = f'{uuid.uuid4().hex[:8]}/'
        self.measured = not is_sanitized(program('dbb-backup'))
        self.databases = databases
        self.opening = {'url': f's3://backups/{self.prefix}',
                        'endpoint': s3.url()}
        if sealed:
            self.opening['password-file'] = self.secret('passphrase',
                                                        PASSPHRASE)
        self.use(keys or s3.client().keys, **settings)

    def secret(self, name, value):
        """The path of a file with a secret."""
        path = os.path.join(self.folder, name)
        self.write_secret(path, value)
        return path

    def use(self, keys=None, databases=None, **settings):
        """From now on with those keys and settings."""
        if keys is not None:
            self.opening.update({
                'access-key': keys.access,
                'secret-key-file': self.secret('secret-key', keys.secret),
                'session-token-file': self.secret(
                    'session-token', keys.token) if keys.token else None})
        self.opening.update({name.replace('_', '-'): value
                             for name, value in settings.items()})
        self.databases = databases or self.databases
        self.configure(self.server, self.databases)

    def run(self, name, *args, **options):
        """As of any site, and within the memory that there is."""
        options.setdefault('measure', self.measured)
        done = super().run(name, *args, **options)
        assert done.peak_kb <= MOST_KB, f'{done.peak_kb} KB: {done}'
        return done

    def sizes(self, below=''):
        """name -> bytes of the stored objects below a folder."""
        found = self.s3.client().sizes('backups', self.prefix + below)
        return {key[len(self.prefix):]: size for key, size in found.items()}

    def stored_bytes(self):
        """What the repository takes."""
        return sum(self.sizes().values())

    def objects(self, below):
        """Names of the stored objects below a folder of the repository."""
        return sorted(self.sizes(below))
