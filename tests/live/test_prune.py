# SPDX-License-Identifier: BSD-2-Clause
"""Prune with a real server: sets go by the rules, space after the grace,
and what stays restores. The grace is measured by the store's clock, which
for a folder is the time of its files: a test sets it back."""

import os
import time

import compare
from programs import DAMAGED, DONE, FINDINGS

DAY = 24 * 3600


def let_days_pass(site, days):
    """As if all that is condemned had been for so long."""
    for path in site.objects('condemned'):
        at = time.time() - days * DAY
        os.utime(path, (at, at))


def prune(site, *args, code=DONE, keep_last=1):
    return site.run('dbb-backup', '--json', 'prune', *args, code=code,
                    env={'DBB_RETENTION_KEEP_LAST': str(keep_last)}).result


def change(server, database, seed):
    """Most of the largest table is other than before, and as long."""
    server.psql("UPDATE library.documents SET body ="
                f" md5(body || '{seed}') || substr(body, 33)",
                database=database)


def test_sets_go_and_their_space_after_the_grace(
        site, server, medium, drops):
    drops += ['pruned', 'again']
    server.copy('medium', 'pruned')
    site.configure(server, ('pruned',))
    site.init()
    sizes = []
    for seed in range(3):
        site.backup()
        sizes.append(site.stored_bytes())
        change(server, 'pruned', seed)
    last = site.backup()['set']

    said = prune(site, '--dry-run')
    assert [s['keep'] for s in said['sets']] == [False, False, False, True]
    assert len(site.objects('sets')) == 4

    done = prune(site)
    assert done['removed'] == 3 and done['deleted']['packs'] == 0
    assert done['condemned']['bytes'] > 0
    assert len(site.objects('sets')) == 1
    site.run('dbb-backup', 'verify', '--read-data', code=DONE)

    let_days_pass(site, 1)
    assert prune(site)['deleted']['packs'] == 0
    full = site.stored_bytes()
    let_days_pass(site, 3)
    freed = prune(site)['deleted']['bytes']
    now = site.stored_bytes()
    print(f'after each run {sizes}, before pruning {full}, after {now}')
    assert freed > 0 and now < full - freed / 2
    assert now < 1.5 * sizes[0]

    site.run('dbb-backup', 'verify', '--read-data', code=DONE)
    site.restore(last, '--into', 'again')
    compare.assert_same(server, 'pruned', server, 'again')


def test_a_run_after_the_condemning_uses_nothing_of_it(
        site, server, sample, drops):
    """The same data again: what is condemned is stored anew, and the set
    stands when the condemned is gone."""
    drops.append('anew')
    site.configure(server, (sample,))
    site.init()
    site.backup()
    for path in site.objects('sets'):
        os.unlink(path)  # as a killed run would have left it
    assert prune(site)['condemned']['packs'] > 0
    again = site.backup()['set']
    let_days_pass(site, 3)
    assert prune(site)['deleted']['packs'] > 0
    site.run('dbb-backup', 'verify', '--read-data', code=DONE)
    site.restore(again, '--into', 'anew')
    compare.assert_same(server, sample, server, 'anew')


def test_without_rules_it_says_so_and_removes_none(site, server, sample):
    site.configure(server, (sample,))
    site.init()
    site.backup()
    done = site.run('dbb-backup', 'prune', code=FINDINGS)
    assert 'no set is removed' in done.err
    assert len(site.objects('sets')) == 1


def test_a_manifest_that_cannot_be_read_stops_it(site, server, sample):
    site.configure(server, (sample,))
    site.init()
    site.backup()
    site.backup()
    with open(site.objects('sets')[0], 'ab') as file:
        file.write(b'x')
    done = site.run('dbb-backup', 'prune', code=DAMAGED,
                    env={'DBB_RETENTION_KEEP_LAST': '1'})
    assert 'nothing was deleted' in done.err
    assert len(site.objects('sets')) == 2
