# SPDX-License-Identifier: BSD-2-Clause
"""A client writes all the time; a set still shows one moment exactly."""

import signal

import compare
from programs import DONE, wait_until
from test_round_trip import find_database

SCRIPT = r"""
\set n random(1, 1000000000)
BEGIN;
INSERT INTO library.documents (author, title, body)
    SELECT 1 + :n % 2000, 'fresh ' || :n, repeat('written just now ', 20);
INSERT INTO library.sales VALUES (:n, date '2025-01-01' + :n % 300,
    'north', 1) ON CONFLICT DO NOTHING;
DELETE FROM library.documents WHERE id = :n % 50000;
UPDATE library.shelves SET note = :n WHERE id = 100 + (:n % 300) * 5;
SELECT lo_create(0), nextval('library.odd_sequence');
COMMIT;
"""


def test_restored_counts_are_exactly_the_facts(site, server, medium, drops,
                                               tmp_path):
    drops += ['busy', 'restored']
    server.copy(medium, 'busy')
    site.configure(server, ('busy',))
    site.init()
    script = tmp_path / 'write.sql'
    script.write_text(SCRIPT)
    writer = server.start_client('pgbench', '-n', '-c', '2', '-T', '600',
                                 '-f', str(script), database='busy')
    try:
        start = written(server)
        wait_until(lambda: written(server) > start, 'it writes')
        before = written(server)
        made = site.backup()
        after = written(server)
        assert writer.poll() is None, writer.stderr.read()
    finally:
        writer.send_signal(signal.SIGTERM)
        writer.wait(30)
    assert after > before + 20, 'nothing was written meanwhile'
    shown = site.run('dbb-backup', '--json', 'show', made['set'],
                     code=DONE).result
    facts = find_database(shown, 'busy')
    done = site.restore(made['set'], '--into', 'restored')
    assert done.result['sources'][0]['findings'] == []
    counts = compare.table_rows(server, 'restored')
    stated = {(t['schema'], t['name']): t['rows'] for t in facts['tables']
              if t.get('rows') is not None}
    # A materialized view in another role's schema is not counted.
    assert sum(stated.values()) == sum(
        rows for name, rows in counts.items()
        if not name.startswith('library.by_mood'))
    for table in ('documents', 'shelves', 'sales_2025_north', 'authors'):
        assert stated['library', table] == counts['library.' + table], table
    assert facts['large_objects'] == \
        len(compare.large_objects(server, 'restored'))
    assert before <= int(server.psql(
        'SELECT max(id) FROM library.documents',
        database='restored')) <= after


def written(server):
    """How far the writer is."""
    return int(server.psql('SELECT max(id) FROM library.documents',
                           database='busy'))
