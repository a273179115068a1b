# SPDX-License-Identifier: BSD-2-Clause
"""Verifying a part at a time, what damage hits, and the index made again."""

import os
import shutil
import signal

import pytest

import compare
from programs import DAMAGED, DONE, USAGE, Site


@pytest.fixture(scope='module')
def original(server, medium, built, tmp_path_factory):
    """A repository with a set in several packs, for copies of it."""
    site = Site(tmp_path_factory.mktemp('verify'), server, (medium,))
    site.init()
    site.set = site.backup(env={'DBB_REPOSITORY_COMPRESSION': '0'})['set']
    site.original = site.repository
    assert len(site.objects('packs')) >= 4
    return site


@pytest.fixture
def copy(original, server, tmp_path, drops):
    """An installation with a copy of that repository."""
    drops.append('damaged')
    original.repository = str(tmp_path / 'repository')
    shutil.copytree(original.original, original.repository)
    original.configure(server, ('medium',))
    return original


def verify(site, *args, code=DONE):
    """The result of a verify."""
    return site.run('dbb-backup', '--json', 'verify', *args,
                    code=code).result


def flip(path, at):
    """Turn one bit around."""
    with open(path, 'r+b') as file:
        file.seek(at)
        byte = file.read(1)[0]
        file.seek(at)
        file.write(bytes([byte ^ 1]))


def test_parts_read_one_after_the_other_cover_everything(copy):
    packs = len(copy.objects('packs'))
    assert verify(copy)['packs_unproven'] == packs
    assert copy.sets()[0]['verified'] is None
    assert ' - ' in copy.run('dbb-backup', 'list', code=DONE).out
    read = rounds = 0
    left = packs
    while left > 0:
        part = verify(copy, '--read-data=25')
        assert part['packs_read'] >= 1
        read += part['packs_read']
        rounds += 1
        left = part['packs_unproven']
        assert left == 0 or read + left == packs
    assert rounds <= 4
    assert copy.sets()[0]['verified'] is not None
    assert verify(copy)['sets'][0]['verified'] == copy.sets()[0]['verified']


def test_a_part_is_a_whole_number_of_percent(copy):
    for part in ('0', '101', 'x', '-1', '5.5'):
        done = copy.run('dbb-backup', '--json', 'verify',
                        f'--read-data={part}', code=USAGE)
        assert part in done.error['message']


def test_damage_names_the_stream_and_what_restores(copy):
    pack = max(copy.objects('packs'), key=os.path.getsize)
    flip(pack, os.path.getsize(pack) // 2)
    result = verify(copy, '--read-data', code=DAMAGED)
    one, = result['sets']
    assert not one['ok']
    damage, = one['damage']
    assert damage['object'].endswith(os.path.basename(pack))
    assert damage['source'] == 'main'
    assert damage['stream'].endswith('.dump')
    whole = {s['stream'] for s in one['restorable']}
    shown = copy.run('dbb-backup', '--json', 'show', copy.set).result
    all_of_it = {s['name'] for s in shown['sources'][0]['streams']}
    assert whole == all_of_it - {damage['stream']}
    assert whole
    told = copy.run('dbb-backup', 'verify', '--read-data', code=DAMAGED)
    assert f'main {damage["stream"]}: packs/' in told.out
    assert 'these restore all the same:' in told.out
    for stream in whole:
        copy.run('dbb-restore', 'cat', copy.set, 'main', stream, code=DONE)
    copy.run('dbb-restore', 'cat', copy.set, 'main', damage['stream'],
             code=DAMAGED)


def test_a_set_restores_whose_damage_is_in_no_chunk(copy, server, medium):
    pack = max(copy.objects('packs'), key=os.path.getsize)
    flip(pack, os.path.getsize(pack) - 1)
    one, = verify(copy, '--read-data', code=DAMAGED)['sets']
    damage, = one['damage']
    assert damage['source'] is None and damage['stream'] is None
    copy.restore(copy.set, '--into', 'damaged')
    compare.assert_same(server, medium, server, 'damaged')


@pytest.mark.parametrize('how', ['missing', 'damaged'])
def test_the_index_is_made_again_from_the_packs(copy, server, medium, how):
    segments = copy.objects('index')
    for segment in segments:
        if how == 'missing':
            os.unlink(segment)
        else:
            flip(segment, os.path.getsize(segment) // 2)
    done = copy.run('dbb-backup', '--json', 'verify', code=DAMAGED)
    assert "'dbb-backup index rebuild'" in done.error['hint']
    result = copy.run('dbb-backup', '--json', 'index', 'rebuild',
                      code=DONE).result
    assert result['packs_added'] == len(copy.objects('packs'))
    assert len(result['segments']) == (
        0 if how == 'missing' else len(segments))
    assert result['bytes_read'] < sum(map(os.path.getsize,
                                          copy.objects('packs'))) / 10
    assert verify(copy, '--read-data')['sets'][0]['ok']
    copy.restore(copy.set, '--into', 'damaged')
    compare.assert_same(server, medium, server, 'damaged')
    again = copy.run('dbb-backup', 'index', 'rebuild', code=DONE)
    assert again.out.startswith('0 of ')


def test_the_list_says_who_is_at_work(copy):
    running = copy.start('dbb-backup', '--json', 'run')
    tool = running.half_way('pg_dump', written=1 << 20)
    listed = copy.run('dbb-backup', '--json', 'list', code=DONE).result
    said = copy.run('dbb-backup', 'list', code=DONE).err
    os.kill(tool, signal.SIGCONT)
    assert running.wait().code == DONE
    one, = listed['at_work']
    assert one['verb'] == 'run' and one['pid'] == running.pid
    assert 'at work: run on ' in said
    listed = copy.run('dbb-backup', '--json', 'list', code=DONE).result
    assert listed['at_work'] == []
