# SPDX-License-Identifier: BSD-2-Clause
"""The settings of a collection, as the engine wants them, and the engine's
own values as the server writes them."""

import array
import json
import re
import uuid

import qdrant_edge as edge

from .envelope import Refusal

DISTANCES = {name: getattr(edge.Distance, name)
             for name in ('Cosine', 'Dot', 'Euclid', 'Manhattan')}
DATATYPES = {'float32': edge.VectorStorageDatatype.Float32,
             'float16': edge.VectorStorageDatatype.Float16,
             'uint8': edge.VectorStorageDatatype.Uint8}
INDEX_PARAMS = {
    'keyword': edge.KeywordIndexParams, 'integer': edge.IntegerIndexParams,
    'float': edge.FloatIndexParams, 'geo': edge.GeoIndexParams,
    'text': edge.TextIndexParams, 'bool': edge.BoolIndexParams,
    'datetime': edge.DatetimeIndexParams, 'uuid': edge.UuidIndexParams}
TOKENIZERS = {'prefix': edge.TokenizerType.Prefix,
              'whitespace': edge.TokenizerType.Whitespace,
              'word': edge.TokenizerType.Word,
              'multilingual': edge.TokenizerType.Multilingual}


# ---- settings ----

def _quantization(given):
    """Whatever kind of quantization, or None."""
    if not given:
        return None
    kind, values = next(iter(given.items()))
    if kind == 'scalar':
        return edge.ScalarQuantizationConfig(
            edge.ScalarType.Int8, values.get('quantile'),
            values.get('always_ram'))
    if kind == 'product':
        ratio = getattr(edge.CompressionRatio, values['compression'].upper())
        return edge.ProductQuantizationConfig(
            ratio, always_ram=values.get('always_ram'))
    return edge.BinaryQuantizationConfig(always_ram=values.get('always_ram'))


def _hnsw(given):
    return edge.HnswIndexConfig(
        given.get('m', 16), given.get('ef_construct', 100),
        given.get('full_scan_threshold', 10000),
        on_disk=given.get('on_disk'), payload_m=given.get('payload_m'))


def _dense(given):
    multi = given.get('multivector_config')
    return edge.EdgeVectorParams(
        given['size'], DISTANCES[given['distance']],
        on_disk=given.get('on_disk'),
        multivector_config=edge.MultiVectorConfig(
            edge.MultiVectorComparator.MaxSim) if multi else None,
        datatype=DATATYPES.get(given.get('datatype')),
        quantization_config=_quantization(given.get('quantization_config')),
        hnsw_config=_hnsw(given['hnsw_config'])
        if given.get('hnsw_config') else None)


def _sparse(given):
    index = given.get('index') or {}
    return edge.EdgeSparseVectorParams(
        full_scan_threshold=index.get('full_scan_threshold'),
        on_disk=index.get('on_disk'),
        modifier=edge.Modifier.Idf if given.get('modifier') == 'idf'
        else None)


def vectors_by_name(vectors):
    """The unnamed vector has the empty name."""
    return {'': vectors} if 'size' in vectors else vectors


def edge_config(config):
    """A collection's settings for one shard of it."""
    params = config['params']
    dense = {name: _dense(it) for name, it in
             vectors_by_name(params['vectors']).items()}
    sparse = {name: _sparse(it) for name, it in
              params.get('sparse_vectors', {}).items()}
    if not dense and not sparse:    # the package wants one, the server none
        sparse['unused'] = edge.EdgeSparseVectorParams()
    return edge.EdgeConfig(
        vectors=dense, sparse_vectors=sparse,
        on_disk_payload=params.get('on_disk_payload'),
        hnsw_config=_hnsw(config['hnsw_config']),
        quantization_config=_quantization(config['quantization_config']))


def _stopwords(given):
    """Those of a language, or of some and of one's own."""
    if isinstance(given, str):
        return getattr(edge.Language, given.capitalize())
    return edge.StopwordsSet(
        languages={getattr(edge.Language, it.capitalize())
                   for it in given.get('languages', ())},
        custom=set(given.get('custom', ())))


def index_params(schema):
    """A payload index: a word, or a type with what belongs to it."""
    if isinstance(schema, str):
        kind = schema.capitalize()
        return getattr(edge.PayloadSchemaType, kind)
    rest = {key: value for key, value in schema.items() if key != 'type'}
    if schema['type'] == 'text':
        rest['tokenizer'] = TOKENIZERS[rest.get('tokenizer', 'word')]
        if 'stopwords' in rest:
            rest['stopwords'] = _stopwords(rest['stopwords'])
        if 'stemmer' in rest:
            rest['stemmer'] = edge.SnowballParams(getattr(
                edge.SnowballLanguage,
                rest['stemmer']['language'].capitalize()))
    return INDEX_PARAMS[schema['type']](**rest)


def schema_of(info):
    """A payload index that a segment has, as payload_index.json says it."""
    kind = str(info.data_type).rpartition('.')[2].lower()
    if info.params is None:
        return kind
    schema = {'type': kind}
    for name in dir(info.params):
        value = getattr(info.params, name)
        if name.startswith('_') or value is None or callable(value):
            continue
        if not isinstance(value, (bool, int, float, str)):
            value = str(value).rpartition('.')[2].lower()
        schema[name] = value
    return schema


# ---- points ----

def _vector(given):
    """What a client sends: dense, sparse, multi."""
    if isinstance(given, dict):
        return edge.SparseVector(given['indices'], given['values'])
    return given


def point(given):
    """A point of a client for the engine."""
    vector = given.get('vector', {})
    if isinstance(vector, dict):
        vector = {name: _vector(it) for name, it in vector.items()}
    return edge.Point(point_id(given['id']), vector, given.get('payload'))


def point_id(given):
    """A number or a UUID, in the engine's terms."""
    if isinstance(given, int):
        return given
    try:
        return uuid.UUID(given)
    except (ValueError, AttributeError, TypeError):
        raise Refusal(400, f'Format error in JSON body: value {given} is not '
                           'a valid point ID, valid values are either an '
                           'unsigned integer or a UUID') from None


def id_out(given):
    """A number stays one, a UUID becomes text."""
    return given if given is None or isinstance(given, int) else str(given)


def order(given):
    """Numbers first, then UUIDs by their bytes."""
    if isinstance(given, int):
        return 0, given, b''
    return 1, 0, uuid.UUID(str(given)).bytes


def _rounded(values, digits):
    return list(map(float, (f'%.{digits}g ' * len(values) %
                            tuple(values)).split()))


def shorten(values):
    """The shortest numbers that are these floats of 32 bits."""
    short = _rounded(values, 7)
    for digits in (8, 9):
        found = array.array('f', short)
        longer = [at for at, value in enumerate(values)
                  if found[at] != value]
        for at, value in zip(longer, _rounded(
                [values[it] for it in longer], digits)):
            short[at] = value
    return short


def _vector_out(vector):
    if isinstance(vector, edge.SparseVector):
        return {'indices': list(vector.indices),
                'values': shorten(vector.values)}
    if vector and isinstance(vector[0], list):
        return [shorten(it) for it in vector]
    return shorten(vector)


def record(given):
    """A point as the server answers it."""
    out = {'id': id_out(given.id)}
    if given.payload is not None:
        out['payload'] = given.payload
    vector = given.vector
    if isinstance(vector, dict):
        out['vector'] = {name: _vector_out(it) for name, it in vector.items()}
    elif vector is not None:
        out['vector'] = _vector_out(vector)
    if given.order_value is not None:
        out['order_value'] = given.order_value
    return out


def payload_wanted(given):
    """with_payload: yes, no, fields, or fields that are left out."""
    if isinstance(given, dict):
        if 'exclude' in given:
            return edge.PayloadSelector.Exclude(given['exclude'])
        return edge.PayloadSelector.Include(given['include'])
    return given


# ---- filters ----

def _match(given):
    if 'any' in given:
        return edge.MatchAny(given['any'])
    if 'except' in given:
        return edge.MatchExcept(given['except'])
    if 'text' in given:
        return edge.MatchText(given['text'])
    return edge.MatchValue(given['value'])


def _condition(given):
    if 'has_id' in given:
        return edge.HasIdCondition([point_id(it) for it in given['has_id']])
    if 'is_empty' in given:
        return edge.IsEmptyCondition(given['is_empty']['key'])
    if 'key' not in given:
        return edge_filter(given)
    match, span = given.get('match'), given.get('range')
    return edge.FieldCondition(
        given['key'], match=_match(match) if match else None,
        range=edge.RangeFloat(**span) if span else None)


def edge_filter(given):
    """A filter of a request, or None."""
    if not given:
        return None

    def conditions(kind):
        found = given.get(kind)
        if found is None:
            return None
        return [_condition(it) for it in
                (found if isinstance(found, list) else [found])]
    return edge.Filter(must=conditions('must'), should=conditions('should'),
                       must_not=conditions('must_not'))


# ---- settings in the words of the server's errors ----

def _some(value):
    return f'Some({value})' if value is not None else 'None'


def _debug_dense(given):
    def known(name):
        value = given.get(name)
        if isinstance(value, bool):
            value = str(value).lower()
        elif isinstance(value, str):
            value = value.capitalize()
        elif isinstance(value, dict):
            value = re.sub('"', '', json.dumps(value))
        return f'{name}: {_some(value)}'
    fields = ('hnsw_config', 'quantization_config', 'on_disk', 'datatype',
              'multivector_config')
    return (f'VectorParams {{ size: {given["size"]}, distance: '
            f'{given["distance"]}, {", ".join(map(known, fields))} }}')


def debug_vectors(vectors):
    """The settings of vectors as an error of the server shows them."""
    if 'size' in vectors:
        return f'Single({_debug_dense(vectors)})'
    named = ', '.join(f'"{name}": {_debug_dense(it)}'
                      for name, it in sorted(vectors.items()))
    return f'Multi({{{named}}})'
