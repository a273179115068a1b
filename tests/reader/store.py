# SPDX-License-Identifier: BSD-2-Clause
"""The folder that a repository is in."""

import os

from errors import Damaged, NotFound


class Store:
    """Objects below a folder, by name."""

    def __init__(self, folder):
        self.folder = folder

    def path(self, name):
        """Where an object is."""
        return os.path.join(self.folder, *name.split('/'))

    def names(self, below):
        """What a folder holds; nothing where there is none."""
        try:
            return sorted(os.listdir(self.path(below)))
        except (FileNotFoundError, NotADirectoryError):
            return []

    def size(self, name):
        """How many bytes an object has."""
        try:
            return os.stat(self.path(name)).st_size
        except OSError as error:
            raise NotFound(error.strerror) from error

    def read(self, name, most):
        """An object, whole."""
        size = self.size(name)
        if size > most:
            raise Damaged(f'it has {size} bytes, more than {most}')
        return self.read_range(name, 0, size)

    def read_range(self, name, offset, count):
        """Some bytes of an object."""
        try:
            with open(self.path(name), 'rb') as file:
                file.seek(offset)
                found = file.read(count)
        except OSError as error:
            raise NotFound(error.strerror) from error
        if len(found) != count:
            raise Damaged('it ends too early')
        return found
