# SPDX-License-Identifier: BSD-2-Clause
"""What was uploaded in the recordings, which tell of it in words."""

import os

import qdrant_bodies
import qdrant_replay

BODIES = {      # what was uploaded, where its size does not tell
    143: lambda: qdrant_bodies.whole('dense')[:62208],
    146: lambda: qdrant_bodies.whole('dense')[:123392],
    147: lambda: qdrant_bodies.whole('dense')[:121856],
    148: lambda: os.urandom(4096),
    149: lambda: b'',
    150: qdrant_bodies.packed,
    151: qdrant_bodies.foreign,
    180: lambda: qdrant_bodies.whole('docs'),
    200: lambda: b'garbage!' * 100,
    207: qdrant_bodies.flipped,
    208: qdrant_bodies.flipped,
    209: qdrant_bodies.broken_segments,
    211: qdrant_bodies.broken_state,
    216: qdrant_bodies.broken_state,
    218: lambda: qdrant_bodies.without('/segments/'),
    219: qdrant_bodies.no_log,
    220: lambda: qdrant_bodies.without('shard_config.json'),
    221: qdrant_bodies.with_link,
    222: lambda: qdrant_bodies.of_version('1.17.0'),
    223: lambda: qdrant_bodies.of_version('1.20.0'),
    224: lambda: qdrant_bodies.of_version('2.0.0'),
    263: lambda: qdrant_bodies.whole('uuid_ids-shard0'),
    266: lambda: qdrant_bodies.whole('docs-shard0.stream'),
    324: lambda: qdrant_bodies.whole('cluster-node1'),
    325: lambda: qdrant_bodies.whole('cluster-node2'),
}
SIZES = {124416: 'dense', 820224: 'docs', 45568: 'empty', 87552: 'uuid_ids',
         208384: 'shards3', 356864: 'cluster-node1', 366080: 'cluster-node2'}


def upload_of(play, recorded):
    """(content type, body) of a recorded upload, or None."""
    given = recorded['request'].get('body') or {}
    what, number = given.get('description', ''), recorded['number']
    if 'JSON document' in what:
        return 'application/json', b' ' * given['size_bytes']
    if number in (39, 40, 41):
        return (None if number == 41 else 'application/json',
                {39: b'{"exact": ', 40: b'',
                 41: b'{"exact":true}'}[number][:given['size_bytes']])
    if not what:
        return None
    if number in BODIES:
        data = BODIES[number]()
    else:
        size = next((int(it) for it in what.split()
                     if it.isdigit() and int(it) > 99), 45568)
        data = play.kept.get(size) or qdrant_bodies.whole(
            SIZES.get(size, 'empty'))
    name = what.partition('filename="')[2].partition('"')[0]
    if 'without multipart' in what:
        return 'application/octet-stream', data
    return qdrant_replay.form(data, name or 'up.snapshot',
                              'file' if 'named "file"' in what else
                              'snapshot')
