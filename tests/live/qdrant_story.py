# SPDX-License-Identifier: BSD-2-Clause
"""Between two recordings of a Qdrant server things happened that were not
recorded. What they must have been is told here by number: what is done
before a recording, what after it."""

import os
import shutil
import time

import qdrant_server

BEFORE = {}
AFTER = {}


def before(*numbers):
    """What happened before these recordings."""
    def keep(work):
        BEFORE.update({number: work for number in numbers})
        return work
    return keep


def after(number):
    """What is to happen after a recording."""
    def keep(work):
        AFTER[number] = work
        return work
    return keep


def again(qdrant, name, settings, count=0):
    """A new collection in the place of one of that name."""
    qdrant.drop(name)
    qdrant.make(name, 0, **settings)
    qdrant.put_points(name, [
        {'id': it, 'vector': [it + 0.5] * settings['vectors']['size']}
        for it in range(1, count + 1)])


def restore(qdrant, name, archive, node=1):
    """A collection out of a snapshot, with nothing left of it."""
    qdrant.upload(name, qdrant_server.archive(archive), node)
    shutil.rmtree(f'{qdrant.snapshot_folder(node)}/{name}')


def next_second():
    """Snapshots are named by the second."""
    time.sleep(1.02 - time.time() % 1)


def take(play, name, recorded):
    """A snapshot whose taking was not recorded, and what it was called."""
    told = play.server.ask('POST', f'/collections/{name}/snapshots')
    play.names[recorded] = told['name']
    return told


def forget(play, name):
    """Snapshots whose deletion was not recorded."""
    folder = f'{play.server.snapshot_folder()}/{name}'
    for it in os.listdir(folder):
        if os.path.isfile(f'{folder}/{it}'):
            os.remove(f'{folder}/{it}')
