# SPDX-License-Identifier: BSD-2-Clause
"""One shard: a folder of the engine, and what is asked of it."""

import json
import os
import shutil
import threading

import qdrant_edge as edge

from . import engine


CLOCKS = 'newest_clocks.json'


class Shard:
    """An opened shard. Whoever writes holds `writing`: a snapshot is taken
    of files that stand still."""

    def __init__(self, folder, opened):
        self.folder, self.edge = folder, opened
        self.tick = 0           # how many changes it has seen
        self.writing = threading.RLock()

    @classmethod
    def create(cls, folder, config, schema):
        """A new, empty one."""
        shutil.rmtree(folder, ignore_errors=True)
        os.makedirs(folder)
        shard = cls(folder, edge.EdgeShard.create(
            folder, engine.edge_config(config)))
        for field, params in schema.items():
            shard.create_index(field, params)
        return shard

    @classmethod
    def load(cls, folder):
        """One that is there, e.g. out of a snapshot."""
        shard = cls(folder, edge.EdgeShard.load(folder))
        if os.path.exists(f'{folder}/{CLOCKS}'):
            with open(f'{folder}/{CLOCKS}', encoding='ascii') as file:
                shard.tick = sum(it['current_tick']
                                 for it in json.load(file)['clocks'])
        return shard

    def clocks(self, peer_id):
        """What its clock says, as its snapshots have it."""
        return {'clocks': [{'peer_id': peer_id, 'clock_id': 0,
                            'current_tick': self.tick, 'token': peer_id}]}

    def _update(self, operation):
        with self.writing:
            self.edge.update(operation)
            self.tick += 1

    def upsert(self, points):
        """Put points of the engine."""
        self._update(edge.UpdateOperation.upsert_points(points))

    def delete(self, ids):
        """Remove points; unknown ones do no harm."""
        self._update(edge.UpdateOperation.delete_points(ids))

    def delete_by(self, wanted):
        """Remove the points of a filter."""
        self._update(edge.UpdateOperation.delete_points_by_filter(wanted))

    def set_payload(self, ids, payload):
        """Add to the payload of points."""
        self._update(edge.UpdateOperation.set_payload(ids, payload))

    def create_index(self, field, schema):
        """An index over a field of the payload."""
        self._update(edge.UpdateOperation.create_field_index(
            field, engine.index_params(schema)))

    def delete_index(self, field):
        """Drop it again."""
        self._update(edge.UpdateOperation.delete_field_index(field))

    def count(self, wanted=None):
        """How many points there are."""
        return self.edge.count(edge.CountRequest(True, wanted))

    def scroll(self, **request):
        """(records, the id that the next page begins with)."""
        return self.edge.scroll(edge.ScrollRequest(**request))

    def retrieve(self, ids, payload, vector):
        """Those of the points that are here."""
        return self.edge.retrieve(ids, payload, vector)

    def info(self):
        """What the engine counts."""
        return self.edge.info()

    def optimize(self):
        """Build indexes now."""
        with self.writing:
            self.edge.optimize()

    def still(self):
        """Hold this (it is a lock) while the files are read."""
        self.writing.acquire()
        self.edge.flush()
        return self.writing

    def close(self):
        """Let go of the files."""
        with self.writing:
            self.edge.close()
