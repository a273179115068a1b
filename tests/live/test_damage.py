# SPDX-License-Identifier: BSD-2-Clause
"""Damage in the repository is found, named, and never restored."""

import os
import random
import shutil

import pytest

import compare
from programs import DAMAGED, DONE, FINDINGS, Site


@pytest.fixture(scope='module')
def original(server, medium, built, tmp_path_factory):
    """A repository with two sets, for copies of it to be damaged."""
    site = Site(tmp_path_factory.mktemp('damage'), server, (medium,))
    site.init()
    site.ids = [site.backup()['set'], site.backup()['set']]
    site.original = site.repository
    return site


@pytest.fixture
def hurt(original, server, tmp_path, drops):
    """An installation with a copy of that repository."""
    drops.append('damaged')
    original.repository = str(tmp_path / 'repository')
    shutil.copytree(original.original, original.repository)
    original.configure(server, ('medium',))
    return original


def flip(path, at, bit=0):
    """Turn one bit around."""
    with open(path, 'r+b') as file:
        file.seek(at)
        byte = file.read(1)[0]
        file.seek(at)
        file.write(bytes([byte ^ (1 << bit)]))


def largest(site, below):
    """The largest object there."""
    return max(site.objects(below), key=os.path.getsize)


def assert_damage_named(done, path):
    """Exit code 13, and the object is named as it is in the store."""
    assert done.code == DAMAGED, done
    assert os.path.basename(path)[:12] in done.out + done.err, done


def assert_not_restored(site, server, *args):
    """The restore says that it is damaged, and leaves no database."""
    databases = server.databases()
    done = site.restore(*args, '--into', 'damaged', code=DAMAGED)
    assert done.error['hint']
    assert server.databases() == databases
    return done


def test_the_copy_itself_is_whole(hurt, server, medium):
    hurt.run('dbb-backup', 'verify', '--read-data', code=DONE)
    hurt.restore('latest', '--into', 'damaged')
    compare.assert_same(server, medium, server, 'damaged')


@pytest.mark.parametrize('where', [0, 0.5, 1], ids=['first', 'middle',
                                                     'last'])
def test_a_flipped_bit_in_a_pack_is_found_by_reading_it(hurt, where):
    pack = largest(hurt, 'packs')
    flip(pack, int(where * (os.path.getsize(pack) - 1)), 3)
    done = hurt.run('dbb-backup', '--json', 'verify', '--read-data')
    assert_damage_named(done, pack)


def test_a_flipped_bit_in_a_pack_is_not_restored(hurt, server):
    pack = largest(hurt, 'packs')
    flip(pack, os.path.getsize(pack) // 2)
    done = assert_not_restored(hurt, server, 'latest')
    assert os.path.basename(pack)[:12] in done.error['message']


def test_cat_and_export_stop_at_a_flipped_bit(hurt, tmp_path):
    pack = largest(hurt, 'packs')
    flip(pack, os.path.getsize(pack) // 2)
    shown = hurt.run('dbb-backup', '--json', 'show', hurt.ids[0]).result
    stream = max((s for source in shown['sources']
                  for s in source['streams']), key=lambda s: s['size_bytes'])
    done = hurt.run('dbb-restore', 'cat', hurt.ids[0], 'main',
                    stream['name'], code=DAMAGED,
                    out=str(tmp_path / 'out'))
    assert done.err
    assert os.path.getsize(tmp_path / 'out') < stream['size_bytes']
    hurt.run('dbb-restore', 'export', hurt.ids[0], str(tmp_path / 'files'),
             code=DAMAGED)


def test_a_flipped_bit_in_the_index_is_found(hurt, server):
    index = largest(hurt, 'index')
    flip(index, os.path.getsize(index) // 2, 6)
    assert_damage_named(hurt.run('dbb-backup', '--json', 'verify'), index)
    assert_not_restored(hurt, server, 'latest')


def test_any_flipped_bit_in_a_manifest_is_found(hurt, server):
    manifest = next(p for p in hurt.objects('sets')
                    if hurt.ids[1] in os.path.basename(p))
    size = os.path.getsize(manifest)
    draw = random.Random(7)
    places = [0, size - 1] + [draw.randrange(size) for _ in range(10)]
    for place in places:
        bit = draw.randrange(8)
        flip(manifest, place, bit)
        done = hurt.run('dbb-backup', '--json', 'verify', hurt.ids[1])
        assert done.code == DAMAGED, (place, bit, done)
        assert hurt.ids[1] in done.out
        flip(manifest, place, bit)
    flip(manifest, size // 2, 1)
    assert_not_restored(hurt, server, hurt.ids[1])


def test_a_damaged_manifest_does_not_hide_the_others(hurt, server):
    manifest = next(p for p in hurt.objects('sets')
                    if hurt.ids[0] in os.path.basename(p))
    flip(manifest, 40)
    listed = hurt.run('dbb-backup', '--json', 'list', code=FINDINGS).result
    assert [s['set'] for s in listed['sets']] == [hurt.ids[1]]
    assert [d['set'] for d in listed['damaged']] == [hurt.ids[0]]
    hurt.restore(hurt.ids[1], '--into', 'damaged')


def test_a_missing_pack_is_found_without_reading(hurt, server):
    pack = largest(hurt, 'packs')
    os.unlink(pack)
    assert_damage_named(hurt.run('dbb-backup', '--json', 'verify'), pack)
    assert_not_restored(hurt, server, 'latest')


def test_a_cut_pack_is_found_without_reading(hurt, server):
    pack = largest(hurt, 'packs')
    os.truncate(pack, os.path.getsize(pack) - 1)
    assert_damage_named(hurt.run('dbb-backup', '--json', 'verify'), pack)


def test_packs_that_took_each_others_place_are_found(hurt, server):
    one, other = sorted(hurt.objects('packs'), key=os.path.getsize)[-2:]
    os.rename(one, one + '.x')
    os.rename(other, one)
    os.rename(one + '.x', other)
    done = hurt.run('dbb-backup', '--json', 'verify', '--read-data')
    assert done.code == DAMAGED
    assert_not_restored(hurt, server, 'latest')


def test_a_cut_repository_json_is_damage(hurt, server):
    path = os.path.join(hurt.repository, 'repository.json')
    with open(path, 'rb') as file:
        text = file.read()
    with open(path, 'wb') as file:
        file.write(text[:len(text) // 2])
    databases = server.databases()
    done = hurt.run('dbb-backup', '--json', 'list', code=DAMAGED)
    assert 'repository.json' in done.error['message']
    assert server.databases() == databases


def test_an_empty_object_is_damage_not_a_crash(hurt, server):
    for below in ('packs', 'index', 'sets'):
        path = largest(hurt, below)
        with open(path, 'rb') as file:
            content = file.read()
        os.truncate(path, 0)
        done = hurt.run('dbb-backup', '--json', 'verify')
        assert done.code == DAMAGED, (below, done)
        with open(path, 'wb') as file:
            file.write(content)
    hurt.run('dbb-backup', 'verify', code=DONE)


def verified(site, *args):
    """What a verify with all its reading said of each set, by id."""
    done = site.run('dbb-backup', '--json', 'verify', '--read-data', *args)
    assert done.code in (DONE, DAMAGED), done
    return done, {s['set']: s['ok'] for s in done.result['sets']}


def test_a_flipped_bit_is_mended_by_the_next_run(server, medium, built,
                                                 tmp_path, drops):
    """As the hint says: move the pack away, run, verify. Not the first pack
    of the dump, with its time in it, nor the last, with its lists."""
    drops.append('damaged')
    site = Site(tmp_path, server, (medium,))
    site.init()
    plain = {'DBB_REPOSITORY_COMPRESSION': '0'}     # for more packs
    ids = [site.backup(env=plain)['set'] for _ in range(2)]
    packs = sorted((p for p in site.objects('packs')
                    if os.path.getsize(p) > 14 << 20), key=os.path.getmtime)
    assert len(packs) >= 4, 'the database is too small for this test'
    pack = packs[len(packs) // 2]
    flip(pack, os.path.getsize(pack) // 2)
    done, ok = verified(site)
    assert_damage_named(done, pack)
    assert ok == {ids[0]: False, ids[1]: False}
    assert 'move the damaged packs away' in done.error['hint']
    os.unlink(pack)
    ids.append(site.backup()['set'])
    done, ok = verified(site)
    assert done.code == DONE and ok == {i: True for i in ids}
    site.run('dbb-backup', 'verify', code=DONE)
    for chosen in (ids[0], ids[2]):
        site.restore(chosen, '--into', 'damaged')
        compare.assert_same(server, medium, server, 'damaged')
        server.drop('damaged')


def test_what_does_not_come_again_stays_damaged(hurt, server, medium):
    pack = largest(hurt, 'packs')
    os.unlink(pack)     # with the beginning of the dump, and its time
    new = hurt.backup()['set']
    done, ok = verified(hurt)
    assert_damage_named(done, pack)
    assert ok[new] and not ok[hurt.ids[0]]
    hurt.restore('latest', '--into', 'damaged')
    compare.assert_same(server, medium, server, 'damaged')


@pytest.mark.parametrize('how', ['missing', 'cut'])
def test_a_run_does_not_trust_a_pack_that_is_not_whole(hurt, server, medium,
                                                       how):
    for pack in hurt.objects('packs'):
        if how == 'missing':
            os.unlink(pack)
        else:
            os.truncate(pack, os.path.getsize(pack) // 2)
    new = hurt.backup()['set']
    done, ok = verified(hurt, new)
    assert done.code == DONE and ok == {new: True}
    hurt.restore(new, '--into', 'damaged')
    compare.assert_same(server, medium, server, 'damaged')


def test_two_runs_at_once_leave_two_whole_sets(server, medium, built,
                                               tmp_path, drops):
    """Both store the same chunks: neither knows of the other's."""
    drops.append('damaged')
    site = Site(tmp_path, server, (medium,))
    site.init()
    runs = [site.start('dbb-backup', '--json', 'run') for _ in range(2)]
    sets = [run.wait().result['set'] for run in runs]
    done, ok = verified(site)
    assert done.code == DONE and ok == {s: True for s in sets}
    os.unlink(largest(site, 'packs'))
    new = site.backup()['set']
    done, ok = verified(site, new)
    assert done.code == DONE and ok[new]
    site.restore(new, '--into', 'damaged')
    compare.assert_same(server, medium, server, 'damaged')
