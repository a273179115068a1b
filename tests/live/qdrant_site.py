# SPDX-License-Identifier: BSD-2-Clause
"""An installation that backs up a Qdrant."""

import os

import programs
from programs import Site


class QdrantSite(Site):
    """One installation with [qdrant "main"], whose repository is a folder.
    Keyword arguments are keys of that section; None leaves one out."""

    def __init__(self, folder, qdrant, **settings):
        # pylint: disable=super-init-not-called
        self.folder, self.qdrant = str(folder), qdrant
        self.repository = os.path.join(self.folder, 'repository')
        self.config = os.path.join(self.folder, 'dbbackup.conf')
        self.home = os.path.join(self.folder, 'home')
        os.makedirs(self.home, exist_ok=True)
        self.opening = {'url': 'file://' + self.repository}
        self.settings = {'url': qdrant.url()}
        if qdrant.KEY:
            self.settings['api-key-file'] = self.secret('key', qdrant.KEY)
        self.use(**settings)

    def secret(self, name, value):
        """The path of a file with a secret."""
        path = os.path.join(self.folder, name)
        self.write_secret(path, value)
        return path

    def use(self, **settings):
        """From now on with those keys."""
        self.settings.update({name.replace('_', '-'): value
                              for name, value in settings.items()})
        self.write_config({'repository': self.opening,
                           'qdrant "main"': self.settings})

    def refused(self, *args, code=programs.FAILED, **options):
        """A backup that fails: its one error. No set is listed, and nothing
        is left on the server."""
        done = self.run('dbb-backup', '--json', 'run', *args, code=code,
                        **options)
        assert self.sets() == []
        error = done.error
        assert error['hint'], error
        return error

    def facts(self):
        """What the newest set knows of the server."""
        shown = self.run('dbb-backup', '--json', 'show', 'latest',
                         code=programs.DONE).result
        return shown['sources'][0]['facts']

    def stream(self, name):
        """The bytes of a stream of the newest set."""
        return self.run('dbb-restore', 'cat', 'latest', 'main', '--',
                        name, code=programs.DONE).raw
