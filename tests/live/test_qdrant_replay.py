# SPDX-License-Identifier: BSD-2-Clause
"""Everything that a real Qdrant server was recorded saying, asked of the one
of the tests, in the same order: the same status, headers, and JSON. What
happened in between is told by qdrant_story_node and qdrant_story_cluster.
"""

import os

import pytest

import qdrant_replay
import qdrant_story_cluster     # noqa: F401  it registers what it tells
import qdrant_story_node        # noqa: F401
from qdrant_story import AFTER, BEFORE
from qdrant_uploads import upload_of

# Recordings that cannot be played, and why.
NOT_PLAYED = {
    280: 'the engine does not tell what its optimizer is at',
}
SINGLE = [it for it in qdrant_replay.recordings()
          if not it['server'].startswith('cluster')]
CLUSTER = [it for it in qdrant_replay.recordings()
           if it['server'].startswith('cluster')]


def replay(server, recordings):
    """Play them; what differed, by number and name."""
    play = qdrant_replay.Replay(server)
    play.kept = {}
    play.names['/qdrant'] = f'{server.folder}/node1'
    wrong, played = [], 0
    for recorded in recordings:
        play.recorded, play.number = recorded, recorded['number']
        if play.number in NOT_PLAYED:
            continue
        BEFORE.get(play.number, lambda _play: None)(play)
        differ = play.play(recorded, upload_of(play, recorded))
        AFTER.get(play.number, lambda _play: None)(play)
        wrong += [f'{play.number}-{recorded["name"]}: {it}' for it in differ]
        played += 1
    left = [it for it in NOT_PLAYED
            if it in {recorded['number'] for recorded in recordings}]
    print(f'{played} recordings played, {len(left)} not: {left}')
    return wrong


def agree(server, recordings):
    """All of them are answered as they were."""
    wrong = replay(server, recordings)
    print(server.words)
    if wrong:
        pytest.fail('\n'.join(wrong), pytrace=False)


@pytest.fixture
def server_of(new_qdrant):
    """A server of ours with the keys of the recordings."""
    if os.environ.get('QDRANT_URL'):
        pytest.skip('the recordings are for the server of the tests')
    return lambda nodes: new_qdrant(nodes=nodes, key='KEY',
                                    read_only_key='READONLY-KEY')


def test_a_single_node_answers_as_recorded(server_of):
    agree(server_of(1), SINGLE)


def test_a_cluster_answers_as_recorded(server_of):
    agree(server_of(2), CLUSTER)


def test_what_is_not_played_is_little():
    assert len(NOT_PLAYED) == 1
    assert len(SINGLE) + len(CLUSTER) == 374
