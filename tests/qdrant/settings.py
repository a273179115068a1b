# SPDX-License-Identifier: BSD-2-Clause
"""A collection's settings: what a client gives, with what the server adds."""

from .envelope import Refusal

HNSW = {'m': 16, 'ef_construct': 100, 'full_scan_threshold': 10000,
        'max_indexing_threads': 0, 'on_disk': False}
OPTIMIZER = {'deleted_threshold': 0.2, 'vacuum_min_vector_number': 1000,
             'default_segment_number': 0, 'max_segment_size': None,
             'memmap_threshold': None, 'indexing_threshold': 10000,
             'flush_interval_sec': 5, 'max_optimization_threads': None,
             'prevent_unoptimized': None}
WAL = {'wal_capacity_mb': 32, 'wal_segments_ahead': 0, 'wal_retain_closed': 1}
DISTANCES = ('Cosine', 'Dot', 'Euclid', 'Manhattan')
PARAMS = ('read_fan_out_factor', 'read_fan_out_delay_ms', 'sparse_vectors')
FORBIDDEN = '<>:"/\\|?*\0\x1f'


def check_name(name):
    """New names are of 1 to 255 characters, some of them excluded."""
    if not 1 <= len(name) <= 255:
        raise Refusal(
            422, 'Validation error in path parameters: [collection_name: value'
                 f' "{name}" invalid, must be from 1 to 255 characters]')
    for letter in name:
        if letter in FORBIDDEN:
            raise Refusal(
                422, 'Validation error in path parameters: [collection_name: '
                     f'collection name cannot contain "{letter}" char]')


def _is_dense(given):
    return isinstance(given, dict) and isinstance(given.get('size'), int) \
        and given['size'] > 0 and given.get('distance') in DISTANCES


def _check_vectors(given, size):
    vectors = given.get('vectors', {})
    if _is_dense(vectors) or (isinstance(vectors, dict) and
                              all(map(_is_dense, vectors.values()))):
        return vectors
    raise Refusal(400, 'Format error in JSON body: data did not match any '
                       'variant of untagged enum VectorsConfig at line 1 '
                       f'column {size}')


def from_request(given, size, nodes):
    """The settings of a new collection; `size`: of the request's body."""
    params = {'vectors': _check_vectors(given, size),
              'shard_number': given.get('shard_number') or nodes}
    if given.get('sharding_method') == 'custom':
        params['sharding_method'] = 'custom'
    params['replication_factor'] = given.get('replication_factor') or 1
    params['write_consistency_factor'] = \
        given.get('write_consistency_factor') or 1
    params['on_disk_payload'] = given.get('on_disk_payload', True)
    params.update({name: given[name] for name in PARAMS
                   if given.get(name) is not None})
    optimizers = given.get('optimizers_config') or \
        given.get('optimizer_config') or {}
    config = {'params': params,
              'hnsw_config': {**HNSW, **(given.get('hnsw_config') or {})},
              'optimizer_config': {**OPTIMIZER, **optimizers},
              'wal_config': {**WAL, **(given.get('wal_config') or {})},
              'quantization_config': given.get('quantization_config')}
    for name in ('strict_mode_config', 'metadata'):
        if given.get(name) is not None:
            config[name] = given[name]
    return config


def from_snapshot(given):
    """The settings that a snapshot's config.json has."""
    config = {key: value for key, value in given.items() if key != 'uuid'}
    for name in ('strict_mode_config', 'metadata'):
        if config.get(name) is None:
            config.pop(name, None)
    config.setdefault('quantization_config', None)
    return config
