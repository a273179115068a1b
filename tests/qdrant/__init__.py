# SPDX-License-Identifier: BSD-2-Clause
"""A Qdrant server for tests, on Qdrant's own storage engine.

What it answers is what a real one of version 1.18.3 was seen to answer; the
recordings are in tests/data/qdrant, and tests/live/test_qdrant_replay.py
holds them against it. Its snapshots are real ones: a real server takes them,
and it takes those of a real server. tests/live/qdrant_server.py starts it.

From the wire inwards: front (HTTP), envelope (what an answer looks like),
auth, routes, then a file for each kind of call (discovery, collections,
points, aliases, snapshots, uploads), and below them world (what the nodes of
a cluster agree on), shard (the engine), archive (snapshots), and faults.
"""
