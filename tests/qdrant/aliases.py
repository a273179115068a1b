# SPDX-License-Identifier: BSD-2-Clause
"""Calls about aliases."""

from .envelope import Refusal, no_collection


def _listing(call, wanted):
    return {'aliases': [
        {'alias_name': alias, 'collection_name': name}
        for alias, name in sorted(call.world.aliases.items(),
                                  key=lambda it: (it[1], it[0]))
        if wanted(name) and call.access.sees(name)]}


def listing(call):
    """GET /aliases"""
    return _listing(call, lambda name: True)


def of_collection(call, wanted):
    """GET /collections/{c}/aliases"""
    call.access.read(wanted, whole=True)
    return _listing(call, lambda name: name == wanted)


def _create(world, collection_name, alias_name):
    if collection_name not in world.collections:
        raise no_collection(collection_name)
    if alias_name in world.collections:
        raise Refusal(409, f'Wrong input: Collection `{alias_name}` already '
                           'exists!')
    world.aliases[alias_name] = collection_name


def _delete(world, alias_name):
    world.aliases.pop(alias_name, None)


def _rename(world, old_alias_name, new_alias_name):
    if old_alias_name not in world.aliases:
        raise Refusal(404, f'Not found: Alias {old_alias_name} does not '
                           'exists!')
    world.aliases[new_alias_name] = world.aliases.pop(old_alias_name)


ACTIONS = {'create_alias': _create, 'delete_alias': _delete,
           'rename_alias': _rename}


def change(call):
    """POST /collections/aliases: one action after another; those before one
    that fails stay done."""
    call.access.manage()
    timeout = call.request.timeout()
    actions = call.request.json()['actions']
    with call.world.lock:
        call.world.agree(timeout)
        try:
            for action in actions:
                (kind, values), = action.items()
                ACTIONS[kind](call.world, **values)
        finally:
            call.world.save()
    return True
